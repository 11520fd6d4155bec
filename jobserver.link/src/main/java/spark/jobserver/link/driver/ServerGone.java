package spark.jobserver.link.driver;

/** The server has said that this driver is not wanted; asking again is of no use. */
final class ServerGone extends Exception {
  private static final long serialVersionUID = 1;

  ServerGone(String message) {
    super(message);
  }
}
