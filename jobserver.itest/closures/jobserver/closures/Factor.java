package jobserver.closures;

/** Is another in each version of the bundle. */
public final class Factor {
  private Factor() {}

  /** The major version of the bundle. */
  public static int get() {
    return 1;
  }
}
