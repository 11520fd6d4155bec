package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.SparkContext;

/**
 * What executors in processes of their own write to their standard error. Spark knows an address
 * for it, which depends on the cluster manager: that of a standalone master's worker serves the
 * text, also of executors that have ended; others show it in a page to people.
 */
final class ExecutorLogs {
  /** How long a connection may take. */
  private static final Duration CONNECTING = Duration.ofSeconds(1);

  /** How long an answer may take: the first that a worker gives makes it load what answers. */
  private static final Duration ANSWERING = Duration.ofSeconds(10);

  private static final int MOST = 64 * 1024;
  private static final String PAGE = "/logPage/?";
  private static final String TEXT = "/log/?";

  private ExecutorLogs() {}

  /** Where an executor's standard error can be seen; empty where Spark does not know. */
  static Optional<URI> address(SparkContext spark, String executor) {
    try {
      return ScalaCollections.log(spark.statusStore().executorSummary(executor), "stderr")
          .map(URI::create);
    } catch (NoSuchElementException | IllegalArgumentException e) {
      return Optional.empty(); // forgotten among many others, or told in an odd way
    }
  }

  /** Whether an address leads to a text. */
  static boolean isReadable(URI address) {
    return address.toString().startsWith("http") && address.toString().contains(PAGE);
  }

  /**
   * The end of the text at an address. Takes seconds at the most.
   *
   * @throws IOException when there is nobody who would tell it
   */
  static String end(URI address) throws IOException {
    String text = address.toString().replace(PAGE, TEXT) + "&byteLength=" + MOST;
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(text).toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout((int) CONNECTING.toMillis());
    connection.setReadTimeout((int) ANSWERING.toMillis());
    connection.setInstanceFollowRedirects(false);
    try (InputStream in = connection.getInputStream()) {
      String told = new String(in.readNBytes(2 * MOST), StandardCharsets.UTF_8);
      int headEnd = told.indexOf('\n'); // ==== Bytes 0-100 of 100 of /a/folder ====
      if (connection.getResponseCode() != HttpURLConnection.HTTP_OK || !told.startsWith("====")) {
        throw new IOException(told.lines().findFirst().orElse("no answer"));
      }
      return told.substring(headEnd + 1);
    } finally {
      connection.disconnect();
    }
  }
}
