package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.slf4j.helpers.BasicMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import spark.jobserver.api.server.RequestObserver;

class AnswersTest {
  private final MDCAdapter before = MDC.getMDCAdapter();

  /** The logger of unit tests has no diagnostic context. */
  private static void use(MDCAdapter adapter) throws ReflectiveOperationException {
    Field field = MDC.class.getDeclaredField("MDC_ADAPTER");
    field.setAccessible(true);
    field.set(null, adapter);
  }

  @BeforeEach
  void haveContext() throws ReflectiveOperationException {
    use(new BasicMDCAdapter());
  }

  @AfterEach
  void leaveContext() throws ReflectiveOperationException {
    use(before);
  }

  private static String id() {
    return MDC.get(RequestObserver.LOGGED_ID);
  }

  @Test
  void whatIsDoneForARequestIsLoggedWithItsIdAndNothingElseIs() {
    List<Runnable> queue = new ArrayList<>();
    Executor marked = Answers.marked(queue::add, Optional.of("a1"));
    List<String> ids = new ArrayList<>();
    CompletableFuture<String> stage = new CompletableFuture<>();
    stage.whenCompleteAsync((answer, error) -> ids.add(id()), marked);
    stage.completeExceptionally(new IllegalStateException("late"));
    Answers.marked(queue::add, Optional.empty()).execute(() -> ids.add(id()));
    marked.execute(
        () -> {
          throw new IllegalStateException("no");
        });

    for (Runnable work : queue) {
      try {
        work.run();
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage("no");
      }
      assertThat(id()).isNull();
    }
    assertThat(ids).containsExactly("a1", null);
  }
}
