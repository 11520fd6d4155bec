package spark.jobserver.api.server;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The store that {@code spark.jobserver.jobdao} chooses, which comes and goes with the bundle that
 * brings it. This service is there as long as the server runs.
 */
@ProviderType
public interface Store {
  /** Why it cannot be used now, in words for whoever needs it; empty when it can. */
  Optional<String> problem();
}
