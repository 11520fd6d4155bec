package spark.jobserver.link.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import spark.jobserver.api.tls.KeyFiles;
import spark.jobserver.link.Wire;

/**
 * The certificate that a server has made itself, which nobody but its drivers needs to know. Java
 * has no way to make one but the program {@code keytool} that comes with it.
 */
public final class OwnCertificate {
  private static final String ALIAS = "link";
  private static final String YEARS_100 = "36500";
  private static final long PATIENCE_SECONDS = 60;
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private OwnCertificate() {}

  /**
   * The files of the one in a folder; makes it when the folder is not there.
   *
   * @param folder for this alone, which only the server's user can look into
   * @throws IOException when it cannot be made, saying why
   */
  public static KeyFiles in(Path folder) throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      make(folder);
    }
    return KeyFiles.of(
            folder.toString(),
            folder.resolve("certificate.pem").toString(),
            folder.resolve("key.pem").toString(),
            "",
            "")
        .orElseThrow();
  }

  private static void make(Path folder) throws IOException, InterruptedException {
    Path part = folder.resolveSibling(folder.getFileName() + ".part");
    delete(part);
    Files.createDirectory(part, only("rwx------"));
    Path store = part.resolve("store");
    Path password = part.resolve("password");
    Path said = part.resolve("said");
    String secret = Wire.newSecret();
    write(password, secret);
    write(said, "");
    run(store, password, said);
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore made = KeyStore.getInstance("PKCS12");
      made.load(in, secret.toCharArray());
      Key key = made.getKey(ALIAS, secret.toCharArray());
      write(part.resolve("key.pem"), pem("PRIVATE KEY", key.getEncoded()));
      write(
          part.resolve("certificate.pem"),
          pem("CERTIFICATE", made.getCertificate(ALIAS).getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IOException("what keytool has made cannot be read", e);
    }
    for (Path needless : List.of(store, password, said)) {
      Files.delete(needless);
    }
    Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Nobody sees the password: it is in a file. */
  private static void run(Path store, Path password, Path said)
      throws IOException, InterruptedException {
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    Process process =
        new ProcessBuilder(
                keytool.toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=jobserver link",
                "-validity",
                YEARS_100,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass:file",
                password.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("%s has not ended within %d s".formatted(keytool, PATIENCE_SECONDS));
    }
    if (process.exitValue() != 0) {
      throw new IOException("%s says: %s".formatted(keytool, Files.readString(said).strip()));
    }
  }

  private static String pem(String kind, byte[] bytes) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(kind, LINES.encodeToString(bytes), kind);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createFile(file, only("rw-------"));
    Files.writeString(file, text, US_ASCII);
  }

  private static FileAttribute<?> only(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private static void delete(Path root) throws IOException {
    if (Files.exists(root)) {
      try (Stream<Path> tree = Files.walk(root)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
