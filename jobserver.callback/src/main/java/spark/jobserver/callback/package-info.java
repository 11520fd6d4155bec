/**
 * Tells other servers that jobs have ended, and only those that the operator has listed.
 *
 * <p>What is called is chosen by whoever submits a job, so each call could be aimed at something
 * that trusts this machine: its own services, its neighbours, a cloud's metadata. A URL's host must
 * be listed ({@link spark.jobserver.callback.AllowedHosts}), and so must the address that it stands
 * for, unless that is a public one. The address is checked after the name was looked up, and the
 * connection goes to just that address: a name that stands for another one a moment later changes
 * nothing. Nothing leads away from there: no proxies, no redirects.
 */
package spark.jobserver.callback;
