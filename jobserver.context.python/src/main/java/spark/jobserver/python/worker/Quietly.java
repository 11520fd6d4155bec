package spark.jobserver.python.worker;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes what cannot be used any more whatever its end says. */
final class Quietly {
  private static final Logger logger = LoggerFactory.getLogger(Quietly.class);

  private Quietly() {}

  static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      logger.debug("{} did not close properly", closeable, e);
    }
  }
}
