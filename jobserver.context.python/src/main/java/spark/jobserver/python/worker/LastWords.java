package spark.jobserver.python.worker;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Failure;
import spark.jobserver.api.LogTail;

/**
 * Tells of a job that has failed with another process, an executor or the driver's JVM, what that
 * one has written last: it may say why. Processes of executors serve all jobs of a context, and so
 * may their last lines; of the driver's log only what was written while the job ran counts.
 */
final class LastWords {
  /** Spark tells of one death in some thirty lines, and another process' end may come between. */
  private static final int LINES = 60;

  private static final Logger logger = LoggerFactory.getLogger(LastWords.class);

  private final Path driverLog;
  private final Function<String, Optional<URI>> addresses;

  /**
   * @param addresses where the standard error of an executor can be seen
   */
  LastWords(Path driverLog, Function<String, Optional<URI>> addresses) {
    this.driverLog = driverLog;
    this.addresses = addresses;
  }

  /** Where the driver's log ends now, in bytes. */
  long mark() {
    return driverLog.toFile().length();
  }

  /**
   * The failure, with the last lines of the process that it comes from at the end of its stack.
   * They are added to the job's log, too.
   *
   * @param mark where the driver's log ended when the job began
   * @param log what the job has printed
   */
  Failure added(Failure failure, long mark, Path log) {
    Optional<String> words = Casualty.namedBy(failure).flatMap(lost -> words(lost, mark));
    if (words.isEmpty()) {
      return failure;
    }
    try {
      Files.writeString(
          log, "\n" + words.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      logger.warn("{} does not get its last lines: {}", log, e.toString());
    }
    String stack = failure.stack().isBlank() ? "" : failure.stack().stripTrailing() + "\n\n";
    return new Failure(failure.message(), failure.errorClass(), stack + words.get());
  }

  private Optional<String> words(Casualty lost, long mark) {
    if (lost.isDriver()) {
      return told(
          "The driver's log, its last lines since the job began",
          LogTail.of(driverLog, mark, LINES));
    }
    Optional<URI> address = addresses.apply(lost.executor());
    if (address.isEmpty()) {
      return Optional.empty();
    }
    String where = "executor %s (%s)".formatted(lost.executor(), address.get());
    if (!ExecutorLogs.isReadable(address.get())) {
      return Optional.of("The standard error of %s has more.\n".formatted(where));
    }
    try {
      return told(
          "The standard error of %s, its last lines".formatted(where),
          LogTail.of(ExecutorLogs.end(address.get()), LINES));
    } catch (IOException e) {
      return Optional.of(
          "The standard error of %s cannot be had: %s\n".formatted(where, e.getMessage()));
    }
  }

  private static Optional<String> told(String heading, List<String> lines) {
    return lines.isEmpty()
        ? Optional.empty()
        : Optional.of(heading + ":\n\n" + String.join("\n", lines) + "\n");
  }
}
