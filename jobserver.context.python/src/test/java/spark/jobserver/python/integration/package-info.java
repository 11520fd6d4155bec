/** Contexts with real Python processes on the Spark of {@code SPARK_HOME}. */
package spark.jobserver.python.integration;
