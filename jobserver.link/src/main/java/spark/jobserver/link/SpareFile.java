package spark.jobserver.link;

import java.util.List;

/**
 * The file by which a spare driver learns what to do before it has a context.
 *
 * @param factory the factory whose context it makes and closes; its own will be made by the same
 * @param bundles what that factory needs, its own bundle first
 * @param bundleFolder where the server keeps their bytes, as {@code <digest>.jar}
 * @param settings the server's own settings of contexts, as JSON
 * @param serverPid the server's process: a spare that nobody has assigned ends with it
 * @param serverStart when that process started, in milliseconds since 1970
 * @param training whether it shall end when it is ready
 */
public record SpareFile(
    String factory,
    List<Command.BundleFile> bundles,
    String bundleFolder,
    String settings,
    long serverPid,
    long serverStart,
    boolean training) {
  /** Its name in the driver's folder. */
  public static final String NAME = "spare.json";

  public SpareFile {
    bundles = List.copyOf(bundles);
  }
}
