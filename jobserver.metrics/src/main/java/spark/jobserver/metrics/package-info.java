/** What Prometheus reads of the server. */
package spark.jobserver.metrics;
