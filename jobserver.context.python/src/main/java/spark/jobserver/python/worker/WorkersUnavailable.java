package spark.jobserver.python.worker;

import spark.jobserver.api.Failure;

/** No worker can be had. The message says why. */
final class WorkersUnavailable extends Exception {
  private final Failure failure;

  WorkersUnavailable(Failure failure) {
    super(failure.message());
    this.failure = failure;
  }

  Failure failure() {
    return failure;
  }
}
