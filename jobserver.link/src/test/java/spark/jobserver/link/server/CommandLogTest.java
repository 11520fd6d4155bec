package spark.jobserver.link.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import spark.jobserver.link.Command;

@Timeout(20)
class CommandLogTest {
  private static final Duration AT_ONCE = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(15);

  private final CommandLog log = new CommandLog();

  private static Command kill(String jobId) {
    return new Command.KillJob(jobId);
  }

  private List<Long> numbersAfter(long number) throws InterruptedException {
    return log.after(log.takeOver(), number, AT_ONCE).stream()
        .map(Command.Numbered::number)
        .toList();
  }

  @Test
  void numbersCommandsFromOneInTheirOrder() throws InterruptedException {
    log.append(kill("a"));
    log.append(kill("b"));

    assertThat(log.after(log.takeOver(), 0, AT_ONCE))
        .containsExactly(
            new Command.Numbered(log.session(), 1, kill("a")),
            new Command.Numbered(log.session(), 2, kill("b")));
  }

  @Test
  void replaysFromWhereverTheReaderIs() throws InterruptedException {
    log.append(kill("a"));
    log.append(kill("b"));
    log.append(kill("c"));

    assertThat(numbersAfter(1)).containsExactly(2L, 3L);
    assertThat(numbersAfter(1)).containsExactly(2L, 3L);
    assertThat(numbersAfter(3)).isEmpty();
  }

  @Test
  void forgetsWhatWasReceivedInThisSessionOnly() throws InterruptedException {
    log.append(kill("a"));
    log.append(kill("b"));

    log.received("another", 2);
    assertThat(numbersAfter(0)).containsExactly(1L, 2L);

    log.received(log.session(), 1);
    assertThat(numbersAfter(0)).containsExactly(2L);

    log.append(kill("c"));
    assertThat(numbersAfter(0)).containsExactly(2L, 3L);
  }

  @Test
  void wakesTheReaderThatWaits() throws Exception {
    long reader = log.takeOver();
    CompletableFuture<List<Command.Numbered>> next =
        CompletableFuture.supplyAsync(() -> after(reader));

    log.append(kill("a"));

    assertThat(next.get(10, TimeUnit.SECONDS)).hasSize(1);
  }

  @Test
  void dismissesAnEarlierReader() {
    long reader = log.takeOver();
    CompletableFuture<List<Command.Numbered>> next =
        CompletableFuture.supplyAsync(() -> after(reader));

    log.takeOver();

    assertThatThrownBy(() -> next.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(log.isRead(reader)).isFalse();
  }

  private List<Command.Numbered> after(long reader) {
    try {
      return log.after(reader, 0, LONG);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void hasASessionOfItsOwn() {
    assertThat(log.session()).isNotEqualTo(new CommandLog().session());
  }
}
