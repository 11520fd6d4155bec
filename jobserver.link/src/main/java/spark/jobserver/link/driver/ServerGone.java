package spark.jobserver.link.driver;

/** The server has said that this driver is no longer wanted. */
final class ServerGone extends Exception {
  private static final long serialVersionUID = 1;

  ServerGone() {
    super("the server has said that this driver is no longer wanted");
  }
}
