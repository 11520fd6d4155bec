package spark.jobserver.api.server;

import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/** What the server has counted since it started. */
@ProviderType
public interface Counters {
  /**
   * The counts by name. A name is in lower case with dots between its parts, such as {@code
   * jobs.finished}. A name that was there once stays, and its count never falls. May be called from
   * any thread and answers at once, from memory.
   */
  Map<String, Long> counters();
}
