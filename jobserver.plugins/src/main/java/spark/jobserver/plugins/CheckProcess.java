package spark.jobserver.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks bundles in JVMs of their own, which end with the check, however that goes. */
final class CheckProcess implements Check {
  private static final Logger LOG = LoggerFactory.getLogger(CheckProcess.class);

  /** It ends by itself after 9 s. */
  private static final int SECONDS = 12;

  private static final String MAIN = "spark.jobserver.boot.PluginCheckMain";

  /** It lives for a second or two: what would pay later does not. */
  private static final List<String> OPTIONS =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-Xshare:auto",
          "-Xmx256m",
          "-Djava.awt.headless=true");

  private final Path home;
  private final Path bootJar;
  private final Path sparkHome;
  private final Path cache;
  private final Path temporary;

  /**
   * @param home the distribution
   * @param bootJar the jar with the main program
   * @param cache where what is known of Spark's jars is kept
   * @param temporary where the check's own files are while it runs
   */
  CheckProcess(Path home, Path bootJar, Path sparkHome, Path cache, Path temporary) {
    this.home = home;
    this.bootJar = bootJar;
    this.sparkHome = sparkHome;
    this.cache = cache;
    this.temporary = temporary;
  }

  @Override
  public Verdict check(Path jar, List<Path> beside) throws InterruptedException {
    try {
      Files.createDirectories(temporary);
      Path folder = Files.createTempDirectory(temporary, "plugin-check");
      try {
        return run(jar, beside, folder);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      LOG.warn("plugins cannot be checked", e);
      return Verdict.problem("The check could not be made: " + e.getMessage());
    }
  }

  private Verdict run(Path jar, List<Path> beside, Path folder)
      throws IOException, InterruptedException {
    Path result = folder.resolve("result");
    Path output = folder.resolve("output");
    Process process = start(command(jar, beside, folder, result), folder, output);
    boolean ended;
    try {
      ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    process.waitFor();
    Optional<Verdict> verdict =
        Files.exists(result)
            ? Verdict.read(Files.readAllLines(result, UTF_8))
            : Optional.<Verdict>empty();
    if (verdict.isPresent()) {
      return verdict.get();
    }
    String said = Files.readString(output, UTF_8);
    LOG.warn("the check of a plugin has not come to its end, and has said:\n{}", said);
    return Verdict.problem(
        ended
            ? "It ends the JVM that checks it (exit code %d): %s"
                .formatted(process.exitValue(), lastLine(said))
            : "Its check did not come to an end within %d s.".formatted(SECONDS));
  }

  private List<String> command(Path jar, List<Path> beside, Path folder, Path result) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.add("-Djava.io.tmpdir=" + folder);
    command.add("-cp");
    command.add(bootJar + File.pathSeparator + sparkHome.resolve("jars") + File.separator + "*");
    command.addAll(List.of(MAIN, "--home", home.toString(), "--jar", jar.toString(), "--result"));
    command.add(result.toString());
    for (Path other : beside) {
      command.add("--beside");
      command.add(other.toString());
    }
    return command;
  }

  private Process start(List<String> command, Path folder, Path output) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("SPARK_HOME", sparkHome.toString());
    builder.environment().put("JOBSERVER_CACHE", cache.toString());
    // Nothing that the server's own JVM is told by the environment is for this one.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("JDK_JAVA_OPTIONS");
    return builder.start();
  }

  private static String lastLine(String text) {
    return text.lines().filter(line -> !line.isBlank()).reduce("", (before, line) -> line);
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
