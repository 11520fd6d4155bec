/** What the configuration of the core says. */
package spark.jobserver.core.config;
