package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;
import spark.jobserver.link.server.CommandLog;

class ObjectQuestionsTest {
  /** A clock that strikes when the test says so. */
  private static final class Clock extends ScheduledThreadPoolExecutor {
    private final Deque<Runnable> set = new ArrayDeque<>();
    private final Deque<ScheduledFuture<?>> running = new ArrayDeque<>();

    Clock() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
      assertThat(unit.toSeconds(delay)).isEqualTo(10);
      set.add(work);
      ScheduledFuture<?> clock = super.schedule(() -> {}, delay, unit);
      running.add(clock);
      return clock;
    }
  }

  private final Clock clock = new Clock();
  private final CommandLog commands = new CommandLog();
  private boolean reachable = true;
  private final ObjectQuestions questions =
      new ObjectQuestions("c", commands, () -> reachable, clock, Duration.ofSeconds(10));

  @AfterEach
  void shutDown() {
    clock.shutdownNow();
  }

  private CompletableFuture<List<NamedObject>> ask() {
    return questions.ask().toCompletableFuture();
  }

  private List<Command> asked() throws InterruptedException {
    return commands.after(commands.takeOver(), 0, Duration.ZERO).stream()
        .map(Command.Numbered::command)
        .toList();
  }

  private static void assertRefused(CompletableFuture<?> answer, ErrorCode code, String why) {
    assertThatThrownBy(() -> answer.get(0, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JobserverException.class, error -> assertThat(error.code()).isEqualTo(code))
        .hasMessageContaining(why);
  }

  @Test
  void eachQuestionHasItsAnswerAndStopsItsClock() throws Exception {
    CompletableFuture<List<NamedObject>> one = ask();
    CompletableFuture<List<NamedObject>> other = ask();
    String id = ((Command.ListNamedObjects) asked().get(1)).requestId();
    questions.answered(new Event.NamedObjectsListed(id, List.of()));

    assertThat(other).isCompletedWithValue(List.of());
    assertThat(one).isNotDone();
    assertThat(clock.running.getLast().isCancelled()).isTrue();
    assertThat(clock.running.getFirst().isCancelled()).isFalse();
  }

  @Test
  void aQuestionIsGivenUpWhenItsTimeIsOverAndALateAnswerChangesNothing() throws Exception {
    CompletableFuture<List<NamedObject>> answer = ask();
    String id = ((Command.ListNamedObjects) asked().get(0)).requestId();
    clock.set.remove().run();
    questions.answered(new Event.NamedObjectsListed(id, List.of()));

    assertRefused(
        answer, ErrorCode.UNAVAILABLE, "context c has not said within 10 s what its jobs share");
  }

  @Test
  void aDriverThatIsOutOfReachIsNotAsked() throws Exception {
    reachable = false;

    assertRefused(ask(), ErrorCode.UNAVAILABLE, "out of reach");
    assertThat(asked()).isEmpty();
    assertThat(clock.set).isEmpty();
  }

  @Test
  void theEndOfTheContextEndsItsQuestions() {
    CompletableFuture<List<NamedObject>> answer = ask();
    questions.contextOver();

    assertRefused(answer, ErrorCode.CONTEXT_NOT_FOUND, "can't find context with name c");
  }
}
