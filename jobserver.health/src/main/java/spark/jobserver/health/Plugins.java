package spark.jobserver.health;

import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.felix.hc.api.Result.Status;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** The bundles in the folder for plugins: whether each runs. */
final class Plugins {
  private final BundleContext context;
  private final Path folder;

  Plugins(BundleContext context) {
    this.context = context;
    this.folder = Path.of(context.getProperty("felix.fileinstall.dir"));
  }

  /** A result for each; none keeps the server from being ready, for they harm nothing else. */
  List<CheckResult> results() {
    return Arrays.stream(context.getBundles())
        .filter(bundle -> isIn(folder, bundle.getLocation()))
        .map(Plugins::result)
        .toList();
  }

  /** Whether what was installed from there, mostly an encoded URL, was in a folder. */
  static boolean isIn(Path folder, String location) {
    String path;
    try {
      path = Optional.ofNullable(URI.create(location).getPath()).orElse(location);
    } catch (IllegalArgumentException e) {
      path = location.replaceFirst("^file:", "");
    }
    return Path.of(path).normalize().startsWith(folder.toAbsolutePath().normalize());
  }

  private static CheckResult result(Bundle bundle) {
    boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
    boolean well =
        bundle.getState() == Bundle.ACTIVE
            || bundle.getState() == Bundle.STARTING
            || (fragment && bundle.getState() == Bundle.RESOLVED);
    return new CheckResult(
        "plugin " + bundle.getSymbolicName() + " " + bundle.getVersion(),
        well ? Status.OK : Status.CRITICAL,
        well ? "runs" : "does not run; the server's log says why",
        false);
  }
}
