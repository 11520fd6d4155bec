package spark.jobserver.api.server;

import com.typesafe.config.Config;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The configuration of the server, for what is not one component's own: most components get their
 * keys from Configuration Admin instead.
 */
@ProviderType
public interface Settings {
  /**
   * The server's configuration file over the {@code reference.conf} of each bundle, resolved. May
   * hold secrets: never told to a caller or a log.
   */
  Config config();
}
