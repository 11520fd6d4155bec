package spark.jobserver.link;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.List;
import java.util.stream.Stream;
import spark.jobserver.api.tls.KeyFiles;

/** Key stores with certificates that sign themselves, for tests. */
final class TestKeys {
  private static final String PASSWORD = "changeit";

  private TestKeys() {}

  /**
   * Makes one, or another in its place.
   *
   * @param names as keytool takes them: {@code ip:127.0.0.1}
   */
  static KeyFiles make(Path store, String names) throws IOException, InterruptedException {
    Files.deleteIfExists(store);
    Path password = store.resolveSibling("password");
    Files.writeString(password, PASSWORD + "\n");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Stream<String> arguments =
        Stream.of(
            "-genkeypair -alias x -keyalg EC -dname CN=x -validity 2 -storetype PKCS12".split(" "));
    Process process =
        new ProcessBuilder(
                Stream.of(
                        Stream.of(keytool),
                        arguments,
                        Stream.of("-ext", "san=" + names, "-keystore", store.toString()),
                        Stream.of("-storepass", PASSWORD))
                    .flatMap(part -> part)
                    .toList())
            .inheritIO()
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("keytool failed");
    }
    return KeyFiles.of("test", "", "", store.toString(), password.toString()).orElseThrow();
  }

  static List<Certificate> certificates(KeyFiles files) throws Exception {
    return List.of(files.read("secret".toCharArray()).getCertificate(KeyFiles.ENTRY));
  }
}
