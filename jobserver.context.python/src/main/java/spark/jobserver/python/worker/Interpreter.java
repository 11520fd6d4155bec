package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says why a context's Python interpreter cannot run workers. */
record Interpreter(String executable) {
  private static final int OLDEST_MINOR = 10;
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);
  private static final Pattern MISSING = Pattern.compile("No module named '(pyspark|py4j)'");
  private static final int LAST_WORDS = 4000;

  /** Why one of this version is no good; empty when it is. */
  Optional<String> refusal(String version) {
    Matcher numbers = VERSION.matcher(version);
    if (!numbers.matches()) {
      return Optional.empty();
    }
    int major = Integer.parseInt(numbers.group(1));
    int minor = Integer.parseInt(numbers.group(2));
    if (major > 3 || (major == 3 && minor >= OLDEST_MINOR)) {
      return Optional.empty();
    }
    return Optional.of(
        "%s is Python %d.%d; Python 3.%d or newer is needed (python.executable)"
            .formatted(executable, major, minor, OLDEST_MINOR));
  }

  /** Why there is no such program to start. */
  String missing(IOException error) {
    return "The Python interpreter %s (python.executable) cannot be started: %s"
        .formatted(executable, error.getMessage());
  }

  /**
   * Why it has ended before it was ready.
   *
   * @param version what it says its version is, if it says so
   * @param exitCode how it ended
   * @param lastWords the end of what it has printed
   */
  String failure(Optional<String> version, int exitCode, String lastWords) {
    Matcher missing = MISSING.matcher(lastWords);
    String reason =
        version
            .flatMap(this::refusal)
            .orElseGet(
                () ->
                    missing.find()
                        ? "%s cannot import %s: SPARK_HOME has none that it finds"
                            .formatted(executable, missing.group(1))
                        : "The Python interpreter %s ended with exit code %d before it was ready"
                            .formatted(executable, exitCode));
    return lastWords.isBlank() ? reason : reason + ". Its last words:\n" + lastWords.strip();
  }

  /** Why it is given up though it has not ended. */
  String late(Duration patience) {
    return "The Python interpreter %s was not ready within %d seconds"
        .formatted(executable, patience.toSeconds());
  }

  /** What the program says its version is; empty when it says nothing of the kind in time. */
  Optional<String> version() {
    try {
      Process process =
          new ProcessBuilder(
                  executable, "-c", "import sys; print('%d.%d.%d' % tuple(sys.version_info[:3]))")
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      try {
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
          return Optional.empty();
        }
        byte[] printed = process.getInputStream().readNBytes(100);
        return Optional.of(new String(printed, StandardCharsets.UTF_8).strip());
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** The end of a log. */
  static String lastWords(Path log) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long start = Math.max(0, file.length() - LAST_WORDS);
      byte[] end = new byte[(int) (file.length() - start)];
      file.seek(start);
      file.readFully(end);
      String text = new String(end, StandardCharsets.UTF_8);
      return start == 0 ? text : text.substring(text.indexOf('\n') + 1);
    } catch (IOException e) {
      return "";
    }
  }
}
