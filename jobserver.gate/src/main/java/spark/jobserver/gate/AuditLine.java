package spark.jobserver.gate;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import spark.jobserver.api.auth.Identity;

/**
 * What is kept of a request that changes something, or that the gate refused: who wanted what from
 * where, and what became of it. Nothing of it is the query, a header or a body, which may hold
 * secrets.
 *
 * @param id by which logs know the request
 * @param caller who made it; empty when nobody knows
 * @param client the other end of the connection, whatever headers say
 * @param method as it was taken
 * @param path as it was written
 * @param refused whether the gate refused it
 * @param status of the answer
 */
record AuditLine(
    String id,
    Optional<Identity> caller,
    String client,
    String method,
    String path,
    boolean refused,
    int status,
    Duration took) {
  /** The logger, which has a file of its own. */
  static final String LOGGER = "spark.jobserver.audit";

  /**
   * The logger for what the gate has refused to those whom nobody knows, with another file: however
   * much that is, it does not push out what known callers have done.
   */
  static final String STRANGERS = LOGGER + ".strangers";

  private static final Logger LOG = LoggerFactory.getLogger(LOGGER);
  private static final Logger LOG_OF_STRANGERS = LoggerFactory.getLogger(STRANGERS);
  private static final int LONGEST = 1000;

  /** What would end a line or a value, or could not be seen. */
  private static final Pattern UNSAFE =
      Pattern.compile("[\\p{IsCc}\"\\p{IsZl}\\p{IsZp}\\p{IsCf}\\p{IsCs}]");

  /** Its fields in their order, each on one line and without quotation marks. */
  Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("request", id);
    fields.put("caller", caller.map(Identity::name).orElse("-"));
    fields.put("way", caller.map(Identity::way).orElse("-"));
    fields.put("client", client);
    fields.put("method", method);
    fields.put("path", path);
    fields.put("outcome", refused ? "refused" : status < 400 ? "done" : "failed");
    fields.put("status", String.valueOf(status));
    fields.put("ms", String.valueOf(took.toMillis()));
    fields.replaceAll((name, value) -> safe(value));
    return fields;
  }

  private static String safe(String value) {
    String line = UNSAFE.matcher(value).replaceAll("?");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }

  /** Whether nobody knows who made the request, and it was refused. */
  boolean ofStranger() {
    return refused && caller.isEmpty();
  }

  /** Writes it. */
  void write() {
    LoggingEventBuilder line = (ofStranger() ? LOG_OF_STRANGERS : LOG).atInfo();
    for (Map.Entry<String, String> field : fields().entrySet()) {
      line = line.addKeyValue(field.getKey(), field.getValue());
    }
    line.log("");
  }
}
