package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/** Gogo: commands, pipes and variables. */
final class GogoInterpreter implements Interpreter {
  /** Where commands are looked for that are given without a scope: the server's own come first. */
  private static final String SCOPES = OperatorCommands.SCOPE + ":felix:*";

  private final CommandProcessor processor;

  GogoInterpreter(CommandProcessor processor) {
    this.processor = processor;
  }

  @Override
  public Conversation begin(OutputStream out, OutputStream errors) {
    PrintStream console = new PrintStream(out, true, UTF_8);
    CommandSession session =
        processor.createSession(
            InputStream.nullInputStream(), console, new PrintStream(errors, true, UTF_8));
    session.put("SCOPE", SCOPES);
    return new Conversation() {
      @Override
      public Optional<String> carryOut(String line) {
        try {
          Object result = session.execute(line);
          if (result != null) {
            console.println(session.format(result, Converter.INSPECT));
          }
          console.flush();
          return Optional.empty();
        } catch (Throwable e) {
          // Whatever a command throws: the session goes on.
          return Optional.of(Complaint.of(e));
        }
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
