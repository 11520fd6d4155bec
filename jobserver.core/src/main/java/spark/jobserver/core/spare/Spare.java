package spark.jobserver.core.spare;

import java.util.List;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.core.plugin.BundleFile;

/**
 * A driver that waits for a context.
 *
 * @param bundles those that it has made a context with, to get ready
 */
public record Spare(SpareDriver driver, List<BundleFile> bundles) {
  public Spare {
    bundles = List.copyOf(bundles);
  }
}
