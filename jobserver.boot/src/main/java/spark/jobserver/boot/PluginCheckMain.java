package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Checks a plugin in a process of its own, which ends with the check within {@link #LIMIT},
 * whatever the plugin does: {@code PluginCheckMain --home FOLDER --jar FILE [--beside FILE]…
 * [--result FILE]}, with {@code SPARK_HOME} in the environment and Spark's jars on the class path.
 * {@code --beside} names the other plugins that run.
 *
 * <p>The result is a file of lines: {@code name} and {@code version} of the bundle, {@code brings}
 * for each thing that it would add to the server, {@code problem} for each reason not to take it,
 * each followed by a space and its text; {@code unresolved} where one of the problems may go when
 * another plugin comes; and last {@code end}. Without a file, people are told. Exits with 0 where
 * there is no problem, else with {@link ExitCode#FAILED}, or another one where nothing could be
 * checked.
 */
public final class PluginCheckMain {
  /** How long a check takes at the most. */
  static final Duration LIMIT = Duration.ofSeconds(9);

  static final String USAGE =
      "Usage: PluginCheckMain --home FOLDER --jar FILE [--beside FILE]... [--result FILE]";

  private PluginCheckMain() {}

  /** What the command line says. */
  private record Arguments(Path home, Path jar, List<Path> beside, Optional<Path> result) {
    static Arguments parse(String... args) throws CannotStart {
      Optional<Path> home = Optional.empty();
      Optional<Path> jar = Optional.empty();
      Optional<Path> result = Optional.empty();
      List<Path> beside = new ArrayList<>();
      for (int i = 0; i + 1 < args.length; i += 2) {
        Path value = Path.of(args[i + 1]).toAbsolutePath();
        switch (args[i]) {
          case "--home" -> home = Optional.of(value);
          case "--jar" -> jar = Optional.of(value);
          case "--result" -> result = Optional.of(value);
          case "--beside" -> beside.add(value);
          default ->
              throw new CannotStart(ExitCode.USAGE, "Unknown option: " + args[i] + ".\n" + USAGE);
        }
      }
      if (args.length % 2 != 0 || home.isEmpty() || jar.isEmpty()) {
        throw new CannotStart(ExitCode.USAGE, USAGE);
      }
      return new Arguments(home.get(), jar.get(), beside, result);
    }
  }

  public static void main(String[] args) {
    // A plugin's threads, shutdown hooks and locks are of no importance any more.
    Runtime.getRuntime().halt(run(args));
  }

  private static int run(String... args) {
    try {
      Arguments arguments = Arguments.parse(args);
      SparkHome spark = SparkHome.of(System.getenv("SPARK_HOME"));
      Findings findings = new Findings();
      watch(findings, arguments.result());
      PluginCheck check = new PluginCheck(arguments.home(), spark, cache(), findings);
      check.run(arguments.jar(), arguments.beside());
      return told(findings, arguments.result());
    } catch (CannotStart e) {
      System.err.println("ERROR: " + e.getMessage());
      return e.code().number();
    } catch (IOException | RuntimeException e) {
      System.err.println("ERROR: The check could not be made: " + e);
      return ExitCode.DATA.number();
    }
  }

  private static Optional<Path> cache() {
    return Optional.ofNullable(System.getenv("JOBSERVER_CACHE")).map(Path::of);
  }

  private static int told(Findings findings, Optional<Path> result) throws IOException {
    if (result.isPresent()) {
      findings.write(result.get());
    } else {
      System.out.println(findings.text());
    }
    return findings.areGood() ? ExitCode.STOPPED.number() : ExitCode.FAILED.number();
  }

  /** Ends the process when the time is over. */
  private static void watch(Findings findings, Optional<Path> result) {
    Thread watchdog =
        new Thread(
            () -> {
              try {
                TimeUnit.MILLISECONDS.sleep(LIMIT.toMillis());
                findings.problem(
                    "Its check does not come to an end within " + LIMIT.toSeconds() + " s.");
                Runtime.getRuntime().halt(told(findings, result));
              } catch (InterruptedException | IOException e) {
                Runtime.getRuntime().halt(ExitCode.DATA.number());
              }
            },
            "watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
  }
}
