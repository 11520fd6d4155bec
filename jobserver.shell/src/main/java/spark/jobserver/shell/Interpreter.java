package spark.jobserver.shell;

import java.io.OutputStream;
import java.util.Optional;

/** What understands the lines of a session. */
interface Interpreter {
  /** Begins a session, whose commands print to these. */
  Conversation begin(OutputStream out, OutputStream errors);

  /** One session. */
  interface Conversation extends AutoCloseable {
    /**
     * Carries out a line, and returns when that is done.
     *
     * @return empty when it went well; else what went wrong, in words for the operator
     */
    Optional<String> carryOut(String line);

    /** Ends the session, and interrupts what is carried out. */
    @Override
    void close();
  }
}
