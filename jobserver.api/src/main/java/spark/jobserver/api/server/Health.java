package spark.jobserver.api.server;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Whether the server can do its work. */
@ProviderType
public interface Health {
  /** What is wrong, or empty when all is well. */
  Optional<String> problem();
}
