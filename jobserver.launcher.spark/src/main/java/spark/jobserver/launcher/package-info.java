/** Starts drivers through Spark's launcher, finds them again, and ends all that they started. */
package spark.jobserver.launcher;
