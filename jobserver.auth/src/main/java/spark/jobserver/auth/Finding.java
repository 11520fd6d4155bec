package spark.jobserver.auth;

/** What the kernel says of who has the other end of a connection. */
enum Finding {
  /** It is of a process of the user, which no driver has started. */
  OWN(true),
  /** It is somebody else's, or nobody's any more. */
  FOREIGN(true),
  /** It is the user's, but of no process that can be seen, or of a container's. */
  HIDDEN(false),
  /** It is not there, or something has changed meanwhile. */
  NOTHING(false);

  /** How often a connection is looked for: a table that changes while it is read may have gaps. */
  static final int ATTEMPTS = 3;

  private final boolean sure;

  Finding(boolean sure) {
    this.sure = sure;
  }

  /** Whether looking again would find the same. */
  boolean isSure() {
    return sure;
  }
}
