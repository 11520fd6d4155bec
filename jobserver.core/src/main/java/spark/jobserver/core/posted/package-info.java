/**
 * What callers post: HOCON of which nothing is believed. {@link
 * spark.jobserver.core.posted.PostedConfig} is the entrance.
 */
package spark.jobserver.core.posted;
