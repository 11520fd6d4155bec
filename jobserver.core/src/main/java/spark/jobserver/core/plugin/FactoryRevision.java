package spark.jobserver.core.plugin;

import java.util.List;

/**
 * A context factory as it is installed now.
 *
 * @param name what callers give as {@code context-factory}
 * @param bundles what its wiring needs beyond the bundles that every driver has, its own first
 */
public record FactoryRevision(String name, List<BundleFile> bundles) {
  public FactoryRevision {
    bundles = List.copyOf(bundles);
  }
}
