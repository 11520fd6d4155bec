package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.auth.Identity;

@Timeout(60)
class SessionTest {
  private static final Identity ADA = new Identity("ada", "local", Set.of("*"), true);

  @TempDir Path folder;
  private final BlockingQueue<AuditLine> audit = new LinkedBlockingQueue<>();
  private final Words words = new Words();
  private ScheduledExecutorService timer;
  private Pair pair;

  @BeforeEach
  void connect() throws IOException {
    timer = Executors.newSingleThreadScheduledExecutor();
    pair = Pair.open(folder);
  }

  @AfterEach
  void disconnect() throws IOException {
    timer.shutdownNow();
    pair.close();
  }

  private Session begin(Duration idleTimeout) {
    Session session = new Session(7, ADA, pair.server(), words, idleTimeout, timer, audit::add);
    new Thread(session).start();
    return session;
  }

  private List<String> ask(String line) throws IOException {
    pair.client().write(line);
    return Pair.answer(pair.client());
  }

  @Test
  void carriesOutOneLineAfterAnother() throws Exception {
    begin(Duration.ofMinutes(1));
    assertThat(pair.client().readLine()).contains("ready");
    assertThat(ask("jobs")).containsExactly(" did jobs", "ok");
    assertThat(ask("complain")).containsExactly("!careful", "!It is", "!wrong.", "failed");
    assertThat(ask("  ")).containsExactly("ok");
    assertThat(ask(" jobs\t5\r")).containsExactly(" did jobs\t5", "ok");
    pair.client().close();
    assertThat(words.ended.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(audit)
        .extracting(line -> line.fields().get("command") + " " + line.fields().get("outcome"))
        .containsExactly("jobs done", "complain failed", "jobs?5 done");
  }

  @Test
  void nothingThatIsPrintedIsTakenForTheEndOrDoesSomethingToATerminal() throws IOException {
    begin(Duration.ofMinutes(1));
    pair.client().readLine();
    assertThat(ask("forge")).containsExactly(" ok", " failed", " bye", " ?[2J?b\u00e4r", "ok");
  }

  @Test
  void endsWhenNothingIsAskedForLong() throws Exception {
    begin(Duration.ofMillis(50));
    assertThat(pair.client().readLine()).contains("ready");
    assertThat(pair.client().readLine())
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("bye ").contains("spark.jobserver.shell"));
    assertThat(pair.client().readLine()).isEmpty();
    assertThat(words.ended.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aLineWithoutEndEndsIt() throws Exception {
    begin(Duration.ofMinutes(1));
    assertThat(pair.client().readLine()).contains("ready");
    ByteBuffer much = ByteBuffer.wrap(new byte[Wire.LONGEST_LINE + 1]);
    while (much.hasRemaining()) {
      pair.socket().write(much);
    }
    assertThat(words.ended.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void isEndedByTheServer() throws Exception {
    Session session = begin(Duration.ofMinutes(1));
    assertThat(pair.client().readLine()).contains("ready");
    session.close();
    assertThat(pair.client().readLine()).isEmpty();
    assertThat(words.ended.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aLineOfOutputThatIsTooLongIsBroken() throws IOException {
    LineOutput out = new LineOutput(pair.server(), Wire.OUT);
    Thread writing =
        new Thread(
            () -> {
              try {
                out.write("x".repeat(Wire.LONGEST_LINE + 3).getBytes(US_ASCII));
                out.finish();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    writing.start();
    // Longer by the mark than a client's line may be, so read as bytes.
    ByteBuffer read = ByteBuffer.allocate(Wire.LONGEST_LINE + 3 + 4);
    while (read.hasRemaining() && pair.socket().read(read) >= 0) {
      // until all is there
    }
    assertThat(new String(read.array(), US_ASCII))
        .isEqualTo(" " + "x".repeat(Wire.LONGEST_LINE) + "\n xxx\n");
  }
}
