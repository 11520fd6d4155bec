/**
 * Contexts and the jobs in them: the only place that changes the state of either. What happens next
 * is decided without I/O ({@link spark.jobserver.core.context.ContextLife}, {@link
 * spark.jobserver.core.context.JobLife}) and carried out by {@link
 * spark.jobserver.core.context.LiveContext}.
 */
package spark.jobserver.core.context;
