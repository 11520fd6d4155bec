package spark.jobserver.link;

import java.util.List;

/**
 * The file, of mode 0600, by which a driver that is started learns where and how to enrol.
 *
 * @param contextId the context it is for
 * @param epoch which start of a driver for that context it is
 * @param token good for one enrolment
 * @param url where the server's end of the link is
 * @param urlFile a file that holds that address after the server was restarted; read anew at every
 *     dial where it can be read
 * @param abandonedAfter milliseconds without any contact after which a driver that runs nothing and
 *     holds no undelivered result ends itself
 * @param heartbeat milliseconds between two heartbeats
 * @param trust whom the driver takes for the server; without TLS unless it is told
 */
public record EnrolmentFile(
    String contextId,
    int epoch,
    String token,
    String url,
    String urlFile,
    long abandonedAfter,
    long heartbeat,
    Trust trust) {
  /**
   * The file, in the driver's folder, in which a driver that could not enrol says why, for the
   * server to tell when the driver has ended.
   */
  public static final String LAST_WORDS = "last-words";

  public EnrolmentFile {
    trust = trust == null ? Trust.NONE : trust;
  }

  /** Of a link without TLS. */
  public EnrolmentFile(
      String contextId,
      int epoch,
      String token,
      String url,
      String urlFile,
      long abandonedAfter,
      long heartbeat) {
    this(contextId, epoch, token, url, urlFile, abandonedAfter, heartbeat, Trust.NONE);
  }

  /** The addresses to try, in this order. */
  public List<String> candidates(String fromFile) {
    return fromFile.isBlank() || fromFile.equals(url) ? List.of(url) : List.of(fromFile, url);
  }

  /** Without the token, for logs. */
  @Override
  public String toString() {
    return "EnrolmentFile[context " + contextId + ", epoch " + epoch + ", url " + url + "]";
  }
}
