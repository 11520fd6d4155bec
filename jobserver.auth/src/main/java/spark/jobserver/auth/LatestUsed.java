package spark.jobserver.auth;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that forgets what was longest not used when it has more than it may. Not thread-safe. */
final class LatestUsed<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1;

  private final int most;

  LatestUsed(int most) {
    super(64, 0.75f, true);
    this.most = most;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > most;
  }
}
