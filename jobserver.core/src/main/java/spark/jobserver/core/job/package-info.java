/** Jobs: submitted, looked up, killed. */
package spark.jobserver.core.job;
