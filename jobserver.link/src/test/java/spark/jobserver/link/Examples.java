package spark.jobserver.link;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** The example messages, which lie in files beside this class. */
public final class Examples {
  public static final List<String> COMMANDS =
      List.of(
          "command-make-context",
          "command-run-job",
          "command-kill-job",
          "command-list-named-objects",
          "command-stop-context");
  public static final List<String> EVENTS =
      List.of(
          "event-context-ready",
          "event-context-failed",
          "event-context-ended",
          "event-job-started",
          "event-job-progress",
          "event-job-ended",
          "event-named-objects-listed");

  private Examples() {}

  /** The file as it is. */
  public static byte[] json(String name) throws IOException {
    try (InputStream in = Examples.class.getResourceAsStream(name + ".json")) {
      return in.readAllBytes();
    }
  }

  /** The message in the file. */
  public static <T> T read(String name, Class<T> type) throws IOException {
    return Wire.read(json(name), type);
  }
}
