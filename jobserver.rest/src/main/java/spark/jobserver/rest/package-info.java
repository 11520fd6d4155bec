/**
 * What answers HTTP: one resource for each noun, the reports they answer with, and how errors are
 * told.
 *
 * <p>Resources decide nothing: they read a request, ask the services of {@link
 * spark.jobserver.api.server}, and make a report of what these say. Reports are HTTP's own records,
 * so that the domain's can change without a client seeing it.
 */
package spark.jobserver.rest;
