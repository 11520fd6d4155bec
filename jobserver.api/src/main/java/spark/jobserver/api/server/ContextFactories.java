package spark.jobserver.api.server;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The context factories that are installed now. */
@ProviderType
public interface ContextFactories {
  /** The factories, ordered by name. */
  List<FactoryInfo> list();

  /**
   * A factory.
   *
   * @param name what callers give as {@code context-factory}
   * @param bundle the symbolic name of its bundle
   * @param version the version of its bundle
   */
  record FactoryInfo(String name, String bundle, String version) {}
}
