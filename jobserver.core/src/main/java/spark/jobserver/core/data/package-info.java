/** Files that callers upload for their jobs to read. */
package spark.jobserver.core.data;
