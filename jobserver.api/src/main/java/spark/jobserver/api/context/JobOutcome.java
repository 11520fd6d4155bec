package spark.jobserver.api.context;

import java.util.List;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;

/** How a job ended. */
public sealed interface JobOutcome {
  /**
   * It returned.
   *
   * @param result one JSON text in UTF-8, which is passed on as it is
   */
  record Finished(Content result) implements JobOutcome {}

  /** Its {@code validate} refused the input, for these reasons. */
  record Invalid(List<String> problems) implements JobOutcome {
    public Invalid {
      problems = List.copyOf(problems);
    }
  }

  /** The class path's own module or class is not in the binary. */
  record NotFound(String classPath) implements JobOutcome {}

  /** It raised an error, or its process died. */
  record Failed(Failure failure) implements JobOutcome {}

  /** It was ended by {@link RunningJob#kill}. */
  record Killed() implements JobOutcome {}
}
