/** What all parts of the core stand on. */
package spark.jobserver.core;
