package spark.jobserver.core.plugin;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import spark.jobserver.link.Command;

/**
 * A bundle that a driver installs.
 *
 * @param symbolicName its symbolic name
 * @param version its version
 * @param digest SHA-256 of its bytes, in hexadecimal
 */
public record BundleFile(String symbolicName, String version, String digest) {
  /**
   * As a context's record tells it: {@code name:version@digest}, the factory's own bundle first.
   */
  public static String text(List<BundleFile> bundles) {
    return bundles.stream()
        .map(bundle -> bundle.symbolicName + ":" + bundle.version + "@" + bundle.digest)
        .collect(Collectors.joining(" "));
  }

  /** As a driver is told them. */
  public static List<Command.BundleFile> told(List<BundleFile> bundles) {
    return bundles.stream()
        .map(bundle -> new Command.BundleFile(bundle.symbolicName, bundle.version, bundle.digest))
        .toList();
  }

  /** What {@link #text} has written. */
  public static List<BundleFile> read(String text) {
    return text.isEmpty()
        ? List.of()
        : Arrays.stream(text.split(" ")).map(BundleFile::readOne).toList();
  }

  private static BundleFile readOne(String text) {
    int colon = text.indexOf(':');
    int at = text.lastIndexOf('@');
    return new BundleFile(
        text.substring(0, colon), text.substring(colon + 1, at), text.substring(at + 1));
  }
}
