/** Who is told that jobs have ended. */
package spark.jobserver.core.callback;
