package spark.jobserver.boot.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A main program in a process of its own. */
final class Program implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;
  private final Path err;
  private final List<String> said = new ArrayList<>();

  /**
   * Starts one.
   *
   * @param environment what its environment has beside ours; an empty value takes a variable away
   */
  Program(List<String> command, Map<String, String> environment) throws IOException {
    err = Files.createTempFile("program", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
    environment.forEach(
        (name, value) -> {
          if (value.isEmpty()) {
            builder.environment().remove(name);
          } else {
            builder.environment().put(name, value);
          }
        });
    process = builder.start();
    out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin/java").toString();
  }

  static Path jar() {
    return Path.of(System.getProperty("boot.jar"));
  }

  /** Waits until it says a line. */
  Program says(String line) throws IOException {
    for (String next = out.readLine(); next != null; next = out.readLine()) {
      said.add(next);
      if (next.equals(line)) {
        return this;
      }
    }
    throw new AssertionError("It never said " + line + " but " + said + "\n" + errors());
  }

  /** Asks it to end, as the operating system does. */
  Program terminate() {
    process.toHandle().destroy();
    return this;
  }

  /** Waits for its end. */
  int exitCode() throws IOException, InterruptedException {
    for (String next = out.readLine(); next != null; next = out.readLine()) {
      said.add(next);
    }
    if (!process.waitFor(40, TimeUnit.SECONDS)) {
      throw new AssertionError("It does not end: " + errors());
    }
    return process.exitValue();
  }

  /** What it has said on its standard output so far. */
  List<String> said() {
    return said;
  }

  String errors() throws IOException {
    return Files.readString(err);
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    out.close();
    Files.delete(err);
  }
}
