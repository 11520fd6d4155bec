package spark.jobserver.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private final Set<String> there = ConcurrentHashMap.newKeySet();
  private final Arrivals arrivals = new Arrivals(there::contains);

  private void come(String name) {
    there.add(name);
    arrivals.of(name);
  }

  @Test
  void everybodyIsToldWhenItComesAndNobodyOfOthers() {
    CompletableFuture<Void> one = arrivals.await("a");
    CompletableFuture<Void> another = arrivals.await("a");
    CompletableFuture<Void> other = arrivals.await("b");
    come("a");
    assertThat(one).isCompleted();
    assertThat(another).isCompleted();
    assertThat(other).isNotDone();
  }

  @Test
  void whatIsThereIsNotWaitedFor() {
    come("a");
    assertThat(arrivals.await("a")).isCompleted();
    there.remove("a");
    assertThat(arrivals.await("a")).isNotDone();
  }

  @Test
  void whoGivesUpDoesNotKeepTheOthers() {
    CompletableFuture<Void> one = arrivals.await("a");
    CompletableFuture<Void> another = arrivals.await("a");
    one.cancel(false);
    assertThat(another).isNotDone();
    come("a");
    assertThat(another).isCompleted();
  }
}
