package spark.jobserver.api;

/** The life of a context. A final state never changes. */
public enum ContextState {
  /** Its driver is being started; not listed yet. */
  STARTED,
  /** Ready for jobs. */
  RUNNING,
  /** Asked to stop; takes no more jobs. */
  STOPPING,
  /** Stopped as asked. */
  FINISHED,
  /** Never came up. */
  ERROR,
  /** Ended unexpectedly. */
  KILLED;

  public boolean isFinal() {
    return this == FINISHED || this == ERROR || this == KILLED;
  }
}
