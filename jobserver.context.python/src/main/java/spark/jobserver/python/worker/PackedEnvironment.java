package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A Python environment in an archive, as venv-pack and conda-pack write it: {@code bin/python} and
 * what it imports. It is unpacked for the processes of the driver; executors get the archive, and
 * Spark unpacks it there.
 *
 * @param archive the archive, which stays as it is while the context lives
 * @param folder where it is unpacked
 */
record PackedEnvironment(Path archive, Path folder) {
  /** The setting that names the archive. */
  static final String SETTING = "python.environment";

  /** The folder that an executor has it in, within its working folder. */
  static final String NAME = "python-environment";

  private static final int MOST_MINUTES = 10;
  private static final int GZIP = 0x1f8b;
  private static final int TAR_MAGIC = 257;

  /**
   * Unpacks one.
   *
   * @param file as the setting names it
   * @param folder where to unpack it, and to keep the archive
   * @throws IOException with words for who has made the setting
   */
  static PackedEnvironment unpack(Path file, Path folder) throws IOException, InterruptedException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw refused(
          file, "is no file that can be read on the machine where the context's driver runs");
    }
    Path archive =
        Shipments.linked(
            file.toRealPath(), Files.createDirectories(folder).resolve(NAME + suffix(file)));
    Path unpacked = Files.createDirectories(folder.resolve(NAME));
    untar(file, archive, unpacked);
    PackedEnvironment environment = new PackedEnvironment(archive, unpacked);
    if (!Files.isExecutable(Path.of(environment.python()))) {
      throw refused(
          file,
          "has no bin/python that runs here. Pack the environment with venv-pack or conda-pack; a"
              + " packed venv needs the Python that it was made with, at the same place");
    }
    return environment;
  }

  /** Spark unpacks an archive by the end of its name. */
  private static String suffix(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(TAR_MAGIC + 5);
      if (start.length > 2 && (((start[0] & 0xff) << 8) | (start[1] & 0xff)) == GZIP) {
        return ".tar.gz";
      }
      if (start.length == TAR_MAGIC + 5 && new String(start, TAR_MAGIC, 5, UTF_8).equals("ustar")) {
        return ".tar";
      }
      throw refused(file, "is neither a .tar.gz nor a .tar");
    }
  }

  private static void untar(Path file, Path archive, Path folder)
      throws IOException, InterruptedException {
    Path words = folder.resolveSibling("tar.log");
    Process tar =
        new ProcessBuilder(
                "tar", "--no-same-owner", "-xf", archive.toString(), "-C", folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(words.toFile())
            .start();
    try {
      if (!tar.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        throw refused(file, "was not unpacked within " + MOST_MINUTES + " minutes");
      }
    } finally {
      tar.destroyForcibly();
    }
    if (tar.exitValue() != 0) {
      throw refused(file, "cannot be unpacked: " + Interpreter.lastWords(words).strip());
    }
  }

  private static IOException refused(Path file, String why) {
    return new IOException("%s (%s) %s".formatted(file, SETTING, why));
  }

  /** The interpreter in this process' own copy. */
  String python() {
    return folder.resolve("bin").resolve("python").toString();
  }

  /**
   * The interpreter as executors start it: those in processes of their own from their working
   * folders. What the driver itself runs in Python to analyze a query is told the same, so a link
   * in the driver's working folder leads to its own copy.
   *
   * @param master Spark's master
   * @param workingFolder the driver's
   */
  String executorsPython(String master, Path workingFolder) throws IOException {
    if (isWithinDriver(master)) {
      return python();
    }
    Path link = workingFolder.resolve(NAME);
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, folder);
    return "./" + NAME + "/bin/python";
  }

  /** Whether executors run in the driver's process, as they do with {@code local} and the like. */
  static boolean isWithinDriver(String master) {
    return master.equals("local") || master.startsWith("local[");
  }
}
