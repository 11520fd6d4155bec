/** Drivers that are started before there is a context for them. */
package spark.jobserver.core.spare;
