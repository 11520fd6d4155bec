/** What has ended, and for how long it is kept. */
package spark.jobserver.core.history;
