package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.JobOutcome;

/** What workers say, as the API's words. */
final class Answers {
  private Answers() {}

  static Failure failure(JsonNode failure) {
    return new Failure(
        failure.path("message").asText(""),
        failure.path("errorClass").asText(""),
        failure.path("stack").asText(""));
  }

  /**
   * How a job ended that has no result.
   *
   * @param ended the message {@code ended}
   * @throws IllegalArgumentException when there is no such end
   */
  static JobOutcome outcome(JsonNode ended) {
    String outcome = ended.path("outcome").asText();
    return switch (outcome) {
      case "invalid" -> new JobOutcome.Invalid(texts(ended.path("problems")));
      case "not-found" -> new JobOutcome.NotFound(ended.path("classPath").asText());
      case "failed" -> new JobOutcome.Failed(failure(ended.path("failure")));
      default -> throw new IllegalArgumentException("no job ends as " + outcome);
    };
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
