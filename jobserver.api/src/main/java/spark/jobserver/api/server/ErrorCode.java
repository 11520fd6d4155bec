package spark.jobserver.api.server;

/** What went wrong, for programs; each knows whose fault it is. */
public enum ErrorCode {
  /** The bytes of an upload are no archive. */
  BINARY_FORMAT(Fault.CALLER),
  /** No binary of that name. */
  BINARY_NOT_FOUND(Fault.CALLER),
  /** Jobs that are not final were started from the binary. */
  BINARY_IN_USE(Fault.CALLER),
  /** Others have uploaded the binary, and the caller may change its own only. */
  BINARY_OF_OTHERS(Fault.CALLER),
  /** The name of a context breaks the rule for names. */
  CONTEXT_NAME(Fault.CALLER),
  /** A context of that name is not final. */
  CONTEXT_EXISTS(Fault.CALLER),
  /** No context of that name that is not final. */
  CONTEXT_NOT_FOUND(Fault.CALLER),
  /** The context could not be made; the failure says why. */
  CONTEXT_INIT(Fault.SERVER),
  /** The context of a job's own could not be made; the failure says why. */
  AD_HOC_INIT(Fault.SERVER),
  /** As many contexts as there may be are there. */
  TOO_MANY_CONTEXTS(Fault.CALLER),
  /** The context is being stopped. */
  CONTEXT_STOPPING(Fault.CALLER),
  /** A configuration does not parse or lacks something. */
  CONFIG(Fault.CALLER),
  /** The caller may not act for the user that a context acts for. */
  IMPERSONATION(Fault.CALLER),
  /** The URL to call back may not be called. */
  CALLBACK(Fault.CALLER),
  /** A job has more packages than one, or none; the failure says so. */
  PACKAGES(Fault.CALLER),
  /** The request's key was used for another request. */
  KEY_USED(Fault.CALLER),
  /** All slots of the context are taken. */
  NO_SLOTS(Fault.CALLER),
  /** No job with that id. */
  JOB_NOT_FOUND(Fault.CALLER),
  /** The job has already ended. */
  JOB_NOT_RUNNING(Fault.CALLER),
  /** The job has no result, for it is not FINISHED. */
  JOB_NOT_FINISHED(Fault.CALLER),
  /** The job's class path is not in the binary. */
  CLASS_NOT_FOUND(Fault.CALLER),
  /** The job refused its input; the failure lists the problems. */
  VALIDATION(Fault.CALLER),
  /** The answer did not come in time; what was asked for goes on. */
  TIMEOUT(Fault.SERVER),
  /** Something that is needed is out of reach for now; nothing has changed, try again. */
  UNAVAILABLE(Fault.SERVER),
  /** There is no room on the disk. */
  NO_ROOM(Fault.SERVER),
  /** No file of data with that name. */
  DATA_NOT_FOUND(Fault.CALLER),
  /** No plugin of that name. */
  PLUGIN_NOT_FOUND(Fault.CALLER),
  /** A plugin failed its check or does not start; the message says why, and nothing has changed. */
  PLUGIN_REFUSED(Fault.CALLER),
  /** The server's plugins cannot be changed by its callers. */
  PLUGINS_FIXED(Fault.CALLER),
  /** The store refused. */
  STORAGE(Fault.SERVER);

  /** Whose fault an error is. */
  public enum Fault {
    CALLER,
    SERVER
  }

  private final Fault fault;

  ErrorCode(Fault fault) {
    this.fault = fault;
  }

  public Fault fault() {
    return fault;
  }
}
