package spark.jobserver.python.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

/** Makes eggs and wheels of a few lines. */
final class Archives {
  private Archives() {}

  /** An archive and what is on record of it. */
  record Archive(Binary binary, Path file) {}

  static Archive of(BinaryType type, Path folder, Map<String, String> files)
      throws IOException, NoSuchAlgorithmException {
    Path file = Files.createTempFile(folder, "archive", type.suffix());
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (var entry : files.entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue().getBytes(UTF_8));
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    return new Archive(
        new Binary(file.getFileName().toString(), type, Instant.now(), digest, bytes.length), file);
  }

  static String resource(String name) throws IOException {
    try (var in = Archives.class.getResourceAsStream("/" + name)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
