package spark.jobserver.plugins;

import java.nio.file.Path;

/** Where bundles run. Each method returns within seconds, whatever the bundle does. */
interface Host {
  /** A bundle does not start; the message says why, for the operator. */
  final class CannotStart extends Exception {
    private static final long serialVersionUID = 1;
    private final boolean unresolved;

    CannotStart(String message, boolean unresolved) {
      super(message);
      this.unresolved = unresolved;
    }

    /** Whether it may start when another plugin comes. */
    boolean isUnresolved() {
      return unresolved;
    }
  }

  /** A bundle that was started. */
  interface Started {
    /** Starts it again where {@link #runs} says that it does not run any more. */
    void startAgain() throws CannotStart;

    /** Takes it away, with its class loader where nobody holds that. */
    void remove();

    /** Whether it runs: another bundle's end may have stopped it. */
    boolean runs();
  }

  /**
   * Starts a bundle; nothing of it is left when that fails.
   *
   * @throws CannotStart when it does not resolve, its activation throws, or it takes too long
   */
  Started start(Path jar) throws CannotStart;
}
