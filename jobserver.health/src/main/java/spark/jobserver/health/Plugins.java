package spark.jobserver.health;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.felix.hc.api.Result.Status;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** The bundles in the folder for plugins: whether each runs. */
final class Plugins {
  private final BundleContext context;
  private final String folder;

  Plugins(BundleContext context) {
    this.context = context;
    this.folder = Path.of(context.getProperty("felix.fileinstall.dir")).toUri().getPath();
  }

  /** A result for each; none keeps the server from being ready, for they harm nothing else. */
  List<CheckResult> results() {
    return Arrays.stream(context.getBundles()).filter(this::isPlugin).map(Plugins::result).toList();
  }

  private boolean isPlugin(Bundle bundle) {
    return bundle.getLocation().replaceFirst("^file:", "").startsWith(folder);
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
