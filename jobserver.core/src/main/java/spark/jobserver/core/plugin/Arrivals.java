package spark.jobserver.core.plugin;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Who waits for what has a name and comes by itself. For any thread. */
final class Arrivals {
  private final Predicate<String> isThere;
  private final Map<String, CompletableFuture<Void>> awaited = new ConcurrentHashMap<>();

  /**
   * @param isThere whether it has come; true before {@link #of} is called
   */
  Arrivals(Predicate<String> isThere) {
    this.isThere = isThere;
  }

  /** Completes when it is there. What a caller does with the future concerns no other caller. */
  CompletableFuture<Void> await(String name) {
    CompletableFuture<Void> arrival =
        awaited.computeIfAbsent(name, missing -> new CompletableFuture<>());
    if (isThere.test(name)) {
      of(name);
      arrival.complete(null);
    }
    return arrival.copy();
  }

  /** It has come. */
  void of(String name) {
    Optional.ofNullable(awaited.remove(name)).ifPresent(arrival -> arrival.complete(null));
  }
}
