package spark.jobserver.api.context;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Makes contexts: the extension point of the server. A bundle publishes it as an OSGi service with
 * the property {@link #NAME}, which is what callers give as {@code context-factory}.
 *
 * <p>The server itself only lists the service and never calls it (so the component should be lazy):
 * a context lives in a driver process of its own, where the bundle is installed again and {@link
 * #make} is called once.
 */
@ConsumerType
public interface ContextFactory {
  /** The service property that holds the factory's name, by custom its class name. */
  String NAME = "context.factory";

  /**
   * The service property, a Boolean, by which a factory allows that a driver makes one of its
   * contexts with the server's own settings and closes it at once, before there is a caller for
   * one: the next context of that driver is there in a fraction of the time. Only for factories
   * whose {@link #make} can be called twice in a process and reaches nothing outside it.
   */
  String SPARE = "context.factory.spare";

  /**
   * Makes the one context of this driver. Called once, on a thread whose context class loader sees
   * Spark, the job's files and this factory's bundle. It may put a child of that one in its place,
   * which sees more: what the thread has afterwards is what jobs are run with.
   *
   * @throws Exception when it cannot be made; the caller of {@code POST /contexts} is told why
   */
  RunningContext make(ContextRequest request) throws Exception;
}
