package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The server's file over the bundles' {@code reference.conf}.
 *
 * @param config what holds, resolved; may hold secrets
 * @param reference what holds where the file says nothing, resolved
 * @param refused the bundles whose {@code reference.conf} cannot be resolved and does not count,
 *     each with the reason
 */
record Merge(Config config, Config reference, List<Refused> refused) {
  /** A {@code reference.conf} that does not count. */
  record Refused(String bundle, String reason) {}

  /**
   * Merges. Of two bundles that say the same key the older installation wins, so that a plugin
   * cannot change what the server's own bundles say.
   *
   * @param file the server's file, not resolved
   * @throws ConfigException when a substitution in the file cannot be resolved
   */
  static Merge of(Config file, List<ReferenceConf> references) {
    List<ReferenceConf> ordered =
        references.stream().sorted(Comparator.comparingLong(ReferenceConf::id)).toList();
    Config all = over(ordered);
    List<ReferenceConf> accepted = new ArrayList<>();
    List<Refused> refused = new ArrayList<>();
    for (ReferenceConf reference : ordered) {
      try {
        reference.config().resolveWith(all, ConfigResolveOptions.noSystem());
        accepted.add(reference);
      } catch (ConfigException e) {
        refused.add(new Refused(reference.bundle(), e.getMessage()));
      }
    }
    Config below = over(accepted);
    return new Merge(
        file.withFallback(below).resolve(),
        below.resolve(ConfigResolveOptions.noSystem()),
        refused);
  }

  private static Config over(List<ReferenceConf> references) {
    return references.stream()
        .map(ReferenceConf::config)
        .reduce(ConfigFactory.empty(), Config::withFallback);
  }
}
