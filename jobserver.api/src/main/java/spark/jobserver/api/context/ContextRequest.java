package spark.jobserver.api.context;

import static java.util.Objects.requireNonNull;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.List;

/**
 * What a factory is told of the context it shall make.
 *
 * @param id the context's id
 * @param name the context's name, which becomes the name of Spark's application
 * @param settings the merged settings: what the caller posted over the server's {@code
 *     spark.context-settings}
 * @param folder a folder of this context alone, which the server removes with it
 * @param bundles the jars of the bundles that the factory's own wiring needs, its own first: what
 *     executors need to run closures of the factory's classes
 */
public record ContextRequest(
    String id, String name, Config settings, Path folder, List<Path> bundles) {
  public ContextRequest {
    requireNonNull(id, "id");
    requireNonNull(name, "name");
    requireNonNull(settings, "settings");
    requireNonNull(folder, "folder");
    bundles = List.copyOf(bundles);
  }

  /** Where all goes that a driver's JVM prints, Spark's own log included. */
  public static Path driverLog(Path folder) {
    return folder.resolve("log").resolve("driver.log");
  }
}
