package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The process that forks workers. It lives as long as the connection to it; when it ends, so do all
 * workers. Orders are given by one thread at a time.
 */
final class Zygote {
  /** What tells a driver's processes from others: a job must not pass as the server's operator. */
  private static final String DRIVER = "JOBSERVER_DRIVER";

  private static final String MODULE = "sparkjobserver._worker.zygote";

  private final Process process;
  private final String token;
  private Connection control;

  private Zygote(Process process, String token) {
    this.process = process;
    this.token = token;
  }

  /**
   * How to start one. The process gets the driver's own working directory, which {@code socket} may
   * be relative to.
   *
   * @param environment what it has in its environment besides the driver's own
   * @param log where its output goes, and that of workers that have no job yet
   */
  record Command(Interpreter interpreter, Map<String, String> environment, Path socket, Path log) {
    Command {
      environment = Map.copyOf(environment);
    }
  }

  /**
   * Starts one, which will connect to the socket.
   *
   * @throws IOException when there is no such program
   */
  static Zygote start(Command command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            command.interpreter().executable(), "-u", "-m", MODULE, command.socket().toString());
    Map<String, String> environment = builder.environment();
    environment
        .keySet()
        .removeIf(
            name ->
                name.startsWith("PYSPARK_")
                    || (name.startsWith("JOBSERVER_") && !name.equals(DRIVER)));
    String token = Tokens.create();
    environment.putAll(command.environment());
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(command.log().toFile()));
    Zygote zygote = new Zygote(builder.start(), token);
    zygote.tellToken();
    return zygote;
  }

  /**
   * By its input: its environment, which its workers have too, can be read by whatever runs as the
   * same user, however soon it forgets it.
   */
  private void tellToken() {
    try (OutputStream input = process.getOutputStream()) {
      input.write((token + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // It has ended already, which is noticed by its exit.
    }
  }

  boolean hasToken(String given) {
    return Tokens.equal(token, given);
  }

  /** From now on it takes orders over this connection. */
  void connected(Connection connection) {
    control = connection;
  }

  void fork(int worker, WorkerGateway gateway, String mode) throws IOException {
    ObjectNode order = order("fork");
    order.put("id", worker);
    order.put("port", gateway.port()).put("token", gateway.token()).put("mode", mode);
    control.write(order);
  }

  /** Kills a worker with its children; no other process, should the worker be gone. */
  void kill(long pid) throws IOException {
    control.write(order("kill").put("pid", pid));
  }

  /**
   * Keeps the log of the job that a worker runs from growing over all bounds: its middle is left
   * out. The job's processes write to the file themselves, so that this can neither hold them up
   * nor lose what they print last.
   *
   * @param longest how many bytes are kept
   */
  void keepSmall(Path log, long longest, long pid) throws IOException {
    ObjectNode order = order("log").put("pid", pid);
    order.put("path", log.toAbsolutePath().toString()).put("limit", longest);
    control.write(order);
  }

  /** The job that a worker ran is over, though the worker is not: no log is written any more. */
  void logOver(long pid) throws IOException {
    control.write(order("log-over").put("pid", pid));
  }

  /** Completes with its exit code when it has ended. */
  CompletableFuture<Integer> exit() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /** Asks it to end all workers and itself. */
  void terminate() {
    if (control == null) {
      process.destroyForcibly();
    } else {
      Quietly.close(control);
    }
  }

  void kill() {
    process.destroyForcibly();
  }

  private static ObjectNode order(String name) {
    return Connection.JSON.createObjectNode().put("op", name);
  }
}
