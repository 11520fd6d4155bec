package spark.jobserver.io;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL server with a folder of its own. PostgreSQL refuses to run as root, so root lets
 * nobody run it.
 */
final class PostgresServer {
  static final String USER = "jobserver";

  private static final Path DEBIAN = Path.of("/usr/lib/postgresql");
  private static final String NOBODY = "nobody";
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  private final Path folder;
  private final int port;
  private final Process process;

  /** Makes a cluster and starts it; whoever connects waits until it answers. */
  PostgresServer() throws IOException, InterruptedException {
    folder = Files.createTempDirectory("postgres");
    Files.writeString(passwordFile(), "s3cret\n");
    if (ROOT) {
      give(folder);
      give(passwordFile());
    }
    Process made =
        start(
            "initdb",
            "--pgdata=" + folder.resolve("data"),
            "--username=" + USER,
            "--auth=scram-sha-256",
            "--pwfile=" + passwordFile(),
            "--encoding=UTF8",
            "--no-sync");
    if (made.waitFor() != 0) {
      throw new IOException("initdb failed: " + Files.readString(folder.resolve("log")));
    }
    port = freePort();
    process =
        start(
            "postgres",
            "-D",
            folder.resolve("data").toString(),
            "-h",
            "127.0.0.1",
            "-p",
            Integer.toString(port),
            "-k",
            folder.toString(),
            "-F");
  }

  static boolean isInstalled() {
    return program("initdb").isPresent() && program("postgres").isPresent();
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  Path passwordFile() {
    return folder.resolve("password");
  }

  /** Stops the server and removes its folder. */
  void stop() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private Process start(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    if (ROOT) {
      command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--clear-groups"));
    }
    command.add(program(program).orElseThrow().toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
        .start();
  }

  /** A program on the path or where Debian keeps it. */
  private static Optional<Path> program(String name) {
    List<Path> folders = new ArrayList<>();
    for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
      folders.add(Path.of(folder));
    }
    if (Files.isDirectory(DEBIAN)) {
      try (Stream<Path> versions = Files.list(DEBIAN)) {
        versions.sorted().forEach(version -> folders.add(version.resolve("bin")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folders.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static void give(Path file) throws IOException {
    Files.setOwner(
        file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(NOBODY));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
