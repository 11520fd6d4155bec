package spark.jobserver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

/**
 * An egg with the author's Python modules and the contract's own jobs.
 *
 * @param file the egg
 */
record JobArchive(Binary binary, Path file) {
  /** The package of the contract's jobs. */
  static final String CONTRACT = "jobserver_contract";

  /**
   * Makes one.
   *
   * @param modules the folder that the author's modules are in
   * @param classPath the author's job
   * @param folder where to make it
   */
  static JobArchive of(Path modules, String classPath, Path folder) throws IOException {
    if (!Files.isDirectory(modules)) {
      throw new AssertionError(
          "There is no folder %s with the Python jobs: see jobs()"
              .formatted(modules.toAbsolutePath()));
    }
    Path egg = folder.resolve("contract.egg");
    try (OutputStream out = Files.newOutputStream(egg);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Path file : sources(modules)) {
        add(zip, modules.relativize(file).toString(), Files.readAllBytes(file));
      }
      add(zip, CONTRACT + "/__init__.py", contract());
      String author = "CLASS_PATH = \"%s\"\n".formatted(classPath);
      add(zip, CONTRACT + "/author.py", author.getBytes(UTF_8));
    }
    byte[] bytes = Files.readAllBytes(egg);
    return new JobArchive(
        new Binary("contract", BinaryType.EGG, Instant.now(), digest(bytes), bytes.length), egg);
  }

  private static List<Path> sources(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".py")).sorted().toList();
    }
  }

  private static byte[] contract() throws IOException {
    try (InputStream in = JobArchive.class.getResourceAsStream("contract.py")) {
      return in.readAllBytes();
    }
  }

  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
