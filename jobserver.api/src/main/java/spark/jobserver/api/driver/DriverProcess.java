package spark.jobserver.api.driver;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.DriverStart;

/** The process of a driver. */
@ProviderType
public interface DriverProcess {
  /** One line by which a later server finds this process again and mistakes no other for it. */
  String reference();

  boolean isAlive();

  /** How it came to be. */
  default DriverStart start() {
    return DriverStart.COLD;
  }

  /** Completes with words on how it ended, at once when the process has ended. */
  CompletionStage<String> exit();

  /**
   * Kills the process and everything it has started, also what it left behind, and returns when
   * they are gone or after a few seconds. Harmless when nothing is left.
   */
  void kill();

  /**
   * The last lines that the driver wrote to its log and that may tell why it ended or hangs, the
   * latest last.
   */
  List<String> lastLines(int count);
}
