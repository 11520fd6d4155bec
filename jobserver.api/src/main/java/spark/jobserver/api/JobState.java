package spark.jobserver.api;

/** The life of a job. A final state never changes. */
public enum JobState {
  /** Committed, not known to run yet. Reports to clients show it as {@link #RUNNING}. */
  STARTED,
  /** Its driver said that it runs. */
  RUNNING,
  /** Ended with a result. */
  FINISHED,
  /** Ended without one; its {@link Failure} says why. */
  ERROR,
  /** Ended by a caller. */
  KILLED;

  public boolean isFinal() {
    return this == FINISHED || this == ERROR || this == KILLED;
  }
}
