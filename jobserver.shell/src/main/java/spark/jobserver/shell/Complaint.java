package spark.jobserver.shell;

import java.io.EOFException;
import java.util.UUID;
import org.apache.felix.gogo.runtime.CommandNotFoundException;
import org.apache.felix.gogo.runtime.SyntaxError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.JobserverException;

/**
 * What an operator is told of an error: words. What nobody expected has an incident's id, under
 * which the log has the rest.
 */
final class Complaint {
  private static final Logger LOG = LoggerFactory.getLogger(Complaint.class);

  /** What Gogo says of arguments that do not fit a command that is a method. */
  private static final String NO_SUCH_ARGUMENTS = "Cannot coerce ";

  private Complaint() {}

  static String of(Throwable error) {
    String words = String.valueOf(error.getMessage());
    if (error instanceof CommandFailed || error instanceof JobserverException) {
      return words;
    }
    if (error instanceof CommandNotFoundException unknown) {
      return "There is no command " + unknown.getCommand() + ": help lists those that there are.";
    }
    if (error instanceof SyntaxError || error instanceof EOFException) {
      return "The line cannot be understood: " + words;
    }
    if (error instanceof IllegalArgumentException && words.startsWith(NO_SUCH_ARGUMENTS)) {
      return "The command takes no such arguments: felix:help NAME tells which it takes.";
    }
    String incident = UUID.randomUUID().toString();
    LOG.error("incident {}", incident, error);
    return "The command met an error that it did not expect (incident "
        + incident
        + ": the server's log has the rest): "
        + error.getClass().getSimpleName()
        + (error.getMessage() == null ? "" : ": " + words);
  }
}
