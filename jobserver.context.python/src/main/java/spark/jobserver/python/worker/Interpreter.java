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

/**
 * The Python interpreter of a context. Says why it cannot run workers, if it cannot.
 *
 * @param executable its name or path
 * @param setting the setting that names it
 * @param sparkHome the Spark that its PySpark is from, unless it finds another first
 * @param spark the version of that Spark
 */
record Interpreter(String executable, String setting, Path sparkHome, String spark) {
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);
  private static final Pattern RELEASE = Pattern.compile("(\\d+\\.\\d+\\.\\d+).*", Pattern.DOTALL);
  private static final Pattern MISSING =
      Pattern.compile("No module named '?(pyspark|py4j|sparkjobserver)\\b");
  private static final int LAST_WORDS = 4000;
  private static final int SHOWN = 100;

  /** The first minor version of Python 3 that workers and PySpark run on. */
  private int oldest() {
    Matcher numbers = VERSION.matcher(spark);
    boolean recent =
        numbers.matches()
            && (Integer.parseInt(numbers.group(1)) > 4
                || (numbers.group(1).equals("4") && Integer.parseInt(numbers.group(2)) >= 3));
    return recent ? 11 : 10;
  }

  private String needed() {
    return "Python 3.%d or newer".formatted(oldest());
  }

  private String named() {
    return "The Python interpreter %s (%s)".formatted(executable, setting);
  }

  /** Why one of this version is no good; empty when it is. */
  Optional<String> refusal(String version) {
    Matcher numbers = VERSION.matcher(version);
    if (!numbers.matches()) {
      return Optional.empty();
    }
    int major = Integer.parseInt(numbers.group(1));
    int minor = Integer.parseInt(numbers.group(2));
    if (major > 3 || (major == 3 && minor >= oldest())) {
      return Optional.empty();
    }
    return Optional.of(
        "%s is Python %d.%d; %s is needed (%s)"
            .formatted(executable, major, minor, needed(), setting));
  }

  /**
   * Why one is no good that imports this PySpark; empty when it is. Versions with different numbers
   * do not understand each other; what a vendor adds to the numbers is no matter.
   *
   * @param folder where its PySpark lies
   */
  Optional<String> refusal(String pyspark, String folder) {
    Matcher theirs = RELEASE.matcher(pyspark);
    Matcher ours = RELEASE.matcher(spark);
    if (!theirs.matches() || !ours.matches() || theirs.group(1).equals(ours.group(1))) {
      return Optional.empty();
    }
    return Optional.of(
        "%s imports PySpark %s from %s, but the driver runs Spark %s. Take that folder out of "
                .formatted(named(), pyspark, folder, spark)
            + "python.paths and PYTHONPATH (that of %s comes by itself), or put PySpark %s there"
                .formatted(sparkHome, ours.group(1)));
  }

  /** Why there is no such program to start. */
  String missing(IOException error) {
    return "%s cannot be started: %s. Name one that is on the machine where the context's driver "
            .formatted(named(), error.getMessage())
        + "runs, by its path or as it is found in PATH: %s".formatted(needed());
  }

  /**
   * Why it has ended before it was ready.
   *
   * @param version what it says its version is, if it says anything
   * @param exitCode how it ended
   * @param lastWords the end of what it has printed
   */
  String failure(Optional<String> version, int exitCode, String lastWords) {
    String reason =
        version.flatMap(this::refusal).orElseGet(() -> reason(version, exitCode, lastWords));
    return lastWords.isBlank() ? reason : reason + ". Its last words:\n" + lastWords.strip();
  }

  private String reason(Optional<String> version, int exitCode, String lastWords) {
    Matcher missing = MISSING.matcher(lastWords);
    if (missing.find()) {
      return missing.group(1).equals("sparkjobserver")
          ? named()
              + " does not import what PYTHONPATH names. It must not be started with -E or -I, nor"
              + " with another PYTHONPATH"
          : "%s cannot import %s: neither %s nor python.paths nor the interpreter itself has it. "
                  .formatted(named(), missing.group(1), sparkHome)
              + "Set SPARK_HOME to a Spark that has its Python files, or install pyspark==%s for it"
                  .formatted(spark);
    }
    String ended = "%s ended with exit code %d before it was ready".formatted(named(), exitCode);
    boolean python = version.filter(told -> VERSION.matcher(told).matches()).isPresent();
    return python || version.isEmpty()
        ? ended
        : "%s. It is no Python: asked for its version it says '%s'; %s is needed"
            .formatted(ended, shown(version.get()), needed());
  }

  private static String shown(String words) {
    return words.length() <= SHOWN ? words : words.substring(0, SHOWN) + "…";
  }

  /** Why it is given up though it has not ended. */
  String late(Duration patience) {
    return "%s was not ready within %d seconds".formatted(named(), patience.toSeconds());
  }

  /** What the program says when it is asked for its version; empty when it is not done in time. */
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
