/** What callers post, and what the core's own configuration says. */
package spark.jobserver.core.config;
