/**
 * The server's memory in a SQL database: Derby, embedded, or PostgreSQL.
 *
 * <p>{@link spark.jobserver.io.DatabaseOpener} brings the schema up to date and only then publishes
 * {@link spark.jobserver.io.Database}, which {@link spark.jobserver.io.JobSqlDAO} stands on: so
 * what uses the store needs no start order. The SQL is the same for both databases; {@link
 * spark.jobserver.io.Dialect} holds what differs.
 */
package spark.jobserver.io;
