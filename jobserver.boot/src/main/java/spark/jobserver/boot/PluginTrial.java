package spark.jobserver.boot;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;

/** Starts a plugin, has whatever it brings made, stops it, and looks for what it leaves behind. */
final class PluginTrial {
  /** How long a start, and then a stop, may take. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** How long its threads may take to end after the stop. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** The framework's and the components' own threads, which come when they are needed. */
  private static final List<String> FOREIGN = List.of("Felix", "SCR", "Component");

  private static final int FRAMES = 3;

  private final Bundle plugin;
  private final PluginServices services;
  private final Findings findings;

  PluginTrial(Bundle plugin, PluginServices services, Findings findings) {
    this.plugin = plugin;
    this.services = services;
    this.findings = findings;
  }

  /** What can be done with a bundle. */
  private interface Step {
    void run() throws BundleException;
  }

  /** Adds a problem for whatever goes wrong. */
  void run() {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    boolean started =
        within(
            "start",
            () -> {
              plugin.start();
              services.look();
            });
    if (started && within("stop", plugin::stop)) {
      threads(before);
    }
  }

  /** Whether a step came to its end in time, and did not throw. */
  private boolean within(String what, Step step) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                step.run();
                done.complete(null);
              } catch (BundleException | RuntimeException | LinkageError | StackOverflowError e) {
                done.completeExceptionally(e);
              }
            },
            what);
    thread.setDaemon(true);
    thread.start();
    try {
      done.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      findings.problem(
          "It does not %s within %d s%s."
              .formatted(what, LIMIT.toSeconds(), at(Arrays.asList(thread.getStackTrace()))));
    } catch (ExecutionException e) {
      findings.problem("It does not %s: %s".formatted(what, words(cause(e.getCause()))));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  /** An activator's own exception says more than the framework's around it. */
  private static Throwable cause(Throwable error) {
    boolean wrapped =
        error instanceof BundleException bundle
            && bundle.getType() == BundleException.ACTIVATOR_ERROR
            && bundle.getCause() != null;
    return wrapped ? error.getCause() : error;
  }

  private String words(Throwable error) {
    return error + at(Arrays.asList(error.getStackTrace())) + ".";
  }

  /** Where in the plugin's own code, as far as a stack tells. */
  private String at(List<StackTraceElement> stack) {
    String own =
        stack.stream()
            .filter(frame -> isOwn(frame.getClassName()))
            .limit(FRAMES)
            .map(StackTraceElement::toString)
            .collect(Collectors.joining(", called by "));
    return own.isEmpty() ? "" : ", at " + own;
  }

  private boolean isOwn(String className) {
    return plugin.getState() != Bundle.UNINSTALLED
        && plugin.getEntry(className.replace('.', '/') + ".class") != null;
  }

  private void threads(Set<Thread> before) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    List<Thread> left = left(before);
    while (!left.isEmpty() && System.nanoTime() < end) {
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = left(before);
    }
    for (Thread thread : left) {
      findings.problem(
          "It leaves a thread behind when it stops: \"%s\"%s."
              .formatted(thread.getName(), at(Arrays.asList(thread.getStackTrace()))));
    }
  }

  private List<Thread> left(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread) && thread != Thread.currentThread())
        .filter(thread -> !isForeign(thread))
        .toList();
  }

  private static boolean isForeign(Thread thread) {
    String group =
        Optional.ofNullable(thread.getThreadGroup()).map(ThreadGroup::getName).orElse("");
    return group.equals("system")
        || group.equals("InnocuousThreadGroup")
        || FOREIGN.stream().anyMatch(thread.getName()::startsWith);
  }
}
