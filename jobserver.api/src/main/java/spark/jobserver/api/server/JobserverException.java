package spark.jobserver.api.server;

import java.util.Optional;
import spark.jobserver.api.Failure;

/** The server cannot do what was asked. The message is for the caller. */
public class JobserverException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final ErrorCode code;
  private final transient Optional<Failure> failure;

  /** An error that its words explain. */
  public JobserverException(ErrorCode code, String message) {
    super(message);
    this.code = code;
    this.failure = Optional.empty();
  }

  /** An error behind which there is another. */
  public JobserverException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.failure = Optional.of(Failure.of(cause));
  }

  /** An error that a job or a driver reported. */
  public JobserverException(ErrorCode code, Failure failure) {
    super(failure.message());
    this.code = code;
    this.failure = Optional.of(failure);
  }

  public ErrorCode code() {
    return code;
  }

  /** What a job, a driver or a library said, where there is more than the message. */
  public Optional<Failure> failure() {
    return failure;
  }
}
