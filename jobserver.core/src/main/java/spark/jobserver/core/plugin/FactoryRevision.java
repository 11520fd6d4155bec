package spark.jobserver.core.plugin;

import java.util.List;

/**
 * A context factory as it is installed now.
 *
 * @param name what callers give as {@code context-factory}
 * @param bundles what its wiring needs beyond the bundles that every driver has, its own first
 * @param allowsSpares whether a driver may make a context of it in advance
 */
public record FactoryRevision(String name, List<BundleFile> bundles, boolean allowsSpares) {
  public FactoryRevision {
    bundles = List.copyOf(bundles);
  }
}
