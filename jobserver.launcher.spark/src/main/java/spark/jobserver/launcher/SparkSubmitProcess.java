package spark.jobserver.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.LogTail;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.SpareDriver;

/** A driver's process, whether this server started it or an earlier one. */
final class SparkSubmitProcess implements DriverProcess {
  private static final Logger LOG = LoggerFactory.getLogger(SparkSubmitProcess.class);
  private static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);
  private static final long KILL_PAUSE = 20;

  private final DriverReference reference;
  private final CompletableFuture<String> exit;
  private final DriverStart start;

  /**
   * A process.
   *
   * @param exit completes with words on how it ended
   * @param start how it came to be
   */
  SparkSubmitProcess(DriverReference reference, CompletableFuture<String> exit, DriverStart start) {
    this.reference = reference;
    this.exit = exit;
    this.start = start;
  }

  /** A process that an earlier server has started: how is told by its folder. */
  static SparkSubmitProcess found(DriverReference reference, CompletableFuture<String> exit) {
    return new SparkSubmitProcess(reference, exit, startOf(reference.folder()));
  }

  private static DriverStart startOf(Path folder) {
    if (Files.exists(folder.resolve(SpareDriver.ASSIGNED))) {
      return DriverStart.SPARE;
    }
    try {
      return startBy(Files.readString(SparkProperties.file(folder)));
    } catch (IOException e) {
      return DriverStart.COLD; // its folder is being cleared
    }
  }

  /** How a process starts that is given these properties. */
  static DriverStart startBy(String properties) {
    return properties.contains(ClassArchive.OPTION) ? DriverStart.ARCHIVE : DriverStart.COLD;
  }

  /** This process, as the driver of the context that it is given. */
  SparkSubmitProcess assigned() {
    return new SparkSubmitProcess(reference, exit, DriverStart.SPARE);
  }

  /** This process, for somebody who is told of its end after this is done. */
  SparkSubmitProcess whenItEnds(Consumer<String> work) {
    return new SparkSubmitProcess(
        reference,
        exit.thenApply(
            how -> {
              work.accept(how);
              return how;
            }),
        start);
  }

  @Override
  public String reference() {
    return reference.line();
  }

  @Override
  public boolean isAlive() {
    return reference.runs();
  }

  @Override
  public DriverStart start() {
    return start;
  }

  @Override
  public CompletionStage<String> exit() {
    return exit.minimalCompletionStage();
  }

  @Override
  public void kill() {
    Instant deadline = Instant.now().plus(KILL_TIMEOUT);
    // A process may start another between being seen and being killed, so look until none is left.
    List<ProcessEntry> left = tree();
    while (!left.isEmpty()) {
      left.forEach(ProcessEntry::kill);
      if (Instant.now().isAfter(deadline)) {
        LOG.error("driver {}: cannot kill {}", reference.marker(), left);
        return;
      }
      try {
        Thread.sleep(KILL_PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = tree();
    }
  }

  /** The process, what bears its marker, and what descends from these, never this server. */
  private List<ProcessEntry> tree() {
    long self = ProcessHandle.current().pid();
    List<ProcessEntry> all = ProcessEntry.all();
    Set<Long> ids = new HashSet<>();
    Deque<Long> parents = new ArrayDeque<>();
    all.stream().filter(reference::marks).map(ProcessEntry::pid).forEach(parents::add);
    while (!parents.isEmpty()) {
      long parent = parents.remove();
      if (parent != self && ids.add(parent)) {
        all.stream()
            .filter(entry -> entry.parent() == parent)
            .map(ProcessEntry::pid)
            .forEach(parents::add);
      }
    }
    return all.stream().filter(entry -> ids.contains(entry.pid())).toList();
  }

  @Override
  public List<String> lastLines(int count) {
    return LogTail.of(reference.log(), 0, count);
  }

  @Override
  public String toString() {
    return "driver " + reference.marker() + " (process " + reference.pid() + ")";
  }
}
