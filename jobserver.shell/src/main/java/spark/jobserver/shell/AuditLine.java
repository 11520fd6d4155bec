package spark.jobserver.shell;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import spark.jobserver.api.auth.Identity;

/**
 * What is kept of a command, or of a connection that was refused: with the fields that HTTP
 * requests have, as far as there are such.
 *
 * @param session which session it was of, for people; the server counts them from 1
 * @param caller who it was; empty when nobody knows
 * @param command the line as it was given; empty of a connection
 * @param took how long it took
 */
record AuditLine(
    long session, Optional<Identity> caller, String command, Outcome outcome, Duration took) {
  /** What became of it. */
  enum Outcome {
    DONE("done"),
    FAILED("failed"),
    REFUSED("refused");

    private final String text;

    Outcome(String text) {
      this.text = text;
    }
  }

  /** What stands in the place of an HTTP authentication's way. */
  static final String WAY = "shell";

  /** As the gate has them: who is known has another file than who is not. */
  private static final Logger LOG = LoggerFactory.getLogger("spark.jobserver.audit");

  private static final Logger LOG_OF_STRANGERS =
      LoggerFactory.getLogger("spark.jobserver.audit.strangers");

  private static final int LONGEST = 1000;

  /** Its fields in their order, each on one line and without quotation marks. */
  Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("request", "shell-" + session);
    fields.put("caller", caller.map(Identity::name).orElse("-"));
    fields.put("way", WAY);
    fields.put("client", "unix");
    fields.put("command", command.isEmpty() ? "-" : command);
    fields.put("outcome", outcome.text);
    fields.put("ms", String.valueOf(took.toMillis()));
    fields.replaceAll((name, value) -> safe(value));
    return fields;
  }

  private static String safe(String value) {
    String line = Printable.of(value).replace('"', '?').replace('\t', '?');
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }

  /** Writes it. */
  void write() {
    boolean ofStranger = outcome == Outcome.REFUSED && caller.isEmpty();
    LoggingEventBuilder line = (ofStranger ? LOG_OF_STRANGERS : LOG).atInfo();
    for (Map.Entry<String, String> field : fields().entrySet()) {
      line = line.addKeyValue(field.getKey(), field.getValue());
    }
    line.log("");
  }
}
