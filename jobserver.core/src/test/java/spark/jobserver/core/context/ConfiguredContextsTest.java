package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConfiguredContextsTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final String CONFIGURATION =
      """
      spark.context-settings.context-factory = own
      spark.contexts {
        a.context-factory = late
        b { num-cpu-cores = 1 }
        c.context-factory = own
      }
      """;

  private final Map<String, CompletableFuture<Void>> factories = new ConcurrentHashMap<>();
  private final Set<String> living = ConcurrentHashMap.newKeySet();
  private final List<String> made = new CopyOnWriteArrayList<>();
  private final List<String> broken = new CopyOnWriteArrayList<>();

  private ConfiguredContexts contexts(String configuration, Duration patience) {
    factories.put("own", CompletableFuture.completedFuture(null));
    Config config = ConfigFactory.parseString(configuration);
    return new ConfiguredContexts(
        () -> config,
        living::contains,
        this::make,
        name -> factories.computeIfAbsent(name, missing -> new CompletableFuture<>()).copy(),
        patience);
  }

  private CompletionStage<?> make(String name, Config settings) {
    made.add(name);
    if (broken.contains(name)) {
      throw new IllegalStateException("it cannot be made");
    }
    return CompletableFuture.completedFuture(name);
  }

  private static void ends(CompletionStage<Void> making) throws Exception {
    making.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aContextWaitsForItsFactoryAndHoldsUpNoOther() throws Exception {
    CompletionStage<Void> making = contexts(CONFIGURATION, LONG).make();
    assertThat(made).containsExactly("b", "c");
    assertThat(making.toCompletableFuture()).isNotDone();

    factories.get("late").complete(null);
    ends(making);
    assertThat(made).containsExactly("b", "c", "a");
  }

  @Test
  void afterAWhileItIsTriedWithoutSoThatTheReasonIsTold() throws Exception {
    ends(contexts(CONFIGURATION, Duration.ofMillis(20)).make());
    assertThat(made).containsExactly("b", "c", "a");
  }

  @Test
  void laterTheWhileIsOver() throws Exception {
    ends(contexts(CONFIGURATION, Duration.ofNanos(-1)).make());
    assertThat(made).containsExactly("b", "c", "a");
  }

  @Test
  void whatSomebodyHasMadeMeanwhileIsLeft() throws Exception {
    CompletionStage<Void> making = contexts(CONFIGURATION, LONG).make();
    living.add("a");
    factories.get("late").complete(null);
    ends(making);
    assertThat(made).containsExactly("b", "c");
  }

  @Test
  void whatFailsKeepsNoOther() throws Exception {
    broken.addAll(List.of("a", "b"));
    CompletionStage<Void> making = contexts(CONFIGURATION + "spark.contexts.0 = 1", LONG).make();
    assertThat(made).containsExactly("b", "c");
    factories.get("late").complete(null);
    ends(making);
    assertThat(made).containsExactly("b", "c", "a");
  }

  @Test
  void withoutAnyThereIsNothingToDo() throws Exception {
    ends(contexts("spark.context-settings.context-factory = own", LONG).make());
    assertThat(made).isEmpty();
  }
}
