package spark.jobserver.api.driver;

import com.typesafe.config.Config;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A driver that was started before there is a context for it. It serves one context, which takes
 * its id and its folder, or ends unused.
 */
@ProviderType
public interface SpareDriver {
  /** The file in its folder that it makes when it is ready. */
  String READY = "spare-ready";

  /** The file in its folder whose arrival tells it that it has a context. */
  String ASSIGNED = "spare-assigned";

  /** As {@link DriverProcess#reference}. */
  String reference();

  /** The id that its context will have. */
  String contextId();

  /** Whether it has done what it can do in advance, and lives. */
  boolean isReady();

  /**
   * Whether a context with these settings can have it: a JVM that runs cannot take everything.
   *
   * @param settings the merged settings of the context
   */
  boolean suits(Config settings);

  /**
   * Gives it its context. From then on it is a driver as any other.
   *
   * @param spec with its own id and folder
   * @throws IOException when it cannot be told
   */
  DriverProcess assign(DriverSpec spec) throws IOException;

  /** Completes with words on how its process ended. */
  CompletionStage<String> exit();

  /** Ends it with all it has started. Harmless when it has ended. */
  void kill();
}
