package spark.jobserver.shell;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** Understands four words. */
final class Words implements Interpreter {
  /** Counted down when a conversation has ended. */
  final CountDownLatch ended = new CountDownLatch(1);

  @Override
  public Conversation begin(OutputStream out, OutputStream errors) {
    PrintStream console = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream complaints = new PrintStream(errors, true, StandardCharsets.UTF_8);
    return new Conversation() {
      @Override
      public Optional<String> carryOut(String line) {
        if (line.equals("complain")) {
          complaints.println("careful");
          return Optional.of("It is\nwrong.");
        }
        if (line.equals("forge")) {
          console.print("ok\nfailed\nbye\n\u001b[2J\rb\u00e4r");
        } else {
          console.println("did " + line);
        }
        return Optional.empty();
      }

      @Override
      public void close() {
        ended.countDown();
      }
    };
  }
}
