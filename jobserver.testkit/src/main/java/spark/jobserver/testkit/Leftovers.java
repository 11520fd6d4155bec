package spark.jobserver.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The threads and child processes of this process, to be compared with those of an earlier moment.
 * Threads are known by their names, in which all numbers count as the same.
 */
final class Leftovers {
  /**
   * Those of no factory: Java's and Netty's come and go as they are needed, Spark's monitor of
   * Python workers (one for each interpreter that executors run) stays for good, and the cleaner of
   * results goes with the garbage.
   */
  private static final Pattern OTHERS =
      Pattern.compile(
          "process reaper.*|ForkJoinPool\\.commonPool.*|globalEventExecutor.*|Attach Listener"
              + "|Keep-Alive-Timer|Idle Worker Monitor for .*|python-results");

  private final Map<String, Integer> threads = new HashMap<>();
  private final Set<Long> processes;

  private Leftovers() {
    Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .forEach(thread -> threads.merge(name(thread), 1, Integer::sum));
    processes = children().stream().map(ProcessHandle::pid).collect(Collectors.toSet());
  }

  /** As it is now. */
  static Leftovers now() {
    return new Leftovers();
  }

  private static String name(Thread thread) {
    return thread.getName().replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\\d+", "#");
  }

  private static List<ProcessHandle> children() {
    return ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).toList();
  }

  /**
   * What is there now that was not there then, each in words; empty as soon as there is nothing.
   *
   * @param patience how long to wait for that
   */
  List<String> sinceThen(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    List<String> left = since();
    while (!left.isEmpty() && System.nanoTime() - end < 0) {
      Thread.sleep(50);
      left = since();
    }
    return left;
  }

  private List<String> since() {
    List<String> left = new ArrayList<>();
    Map<String, Integer> rest = new HashMap<>(threads);
    for (Map.Entry<Thread, StackTraceElement[]> one : Thread.getAllStackTraces().entrySet()) {
      String name = name(one.getKey());
      if (one.getKey().isAlive()
          && !OTHERS.matcher(name).matches()
          && rest.merge(name, -1, Integer::sum) < 0) {
        left.add("thread \"%s\" at %s".formatted(one.getKey().getName(), place(one.getValue())));
      }
    }
    for (ProcessHandle process : children()) {
      if (!processes.contains(process.pid())) {
        left.add(
            "process %d: %s".formatted(process.pid(), process.info().commandLine().orElse("?")));
      }
    }
    return left;
  }

  private static String place(StackTraceElement[] stack) {
    return Arrays.stream(stack)
        .limit(6)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < "));
  }
}
