package spark.jobserver.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * The errors of an operation as OpenAPI describes them: what is told as JSON is {@code Error}, what
 * was refused before it had a meaning is plain text, and both are {@code Problem} for clients that
 * ask for it. One status may be told in both ways.
 */
final class ErrorAnswers {
  private final Map<String, ErrorAnswer> byStatus = new TreeMap<>();

  /** What is known of the answers under one status. */
  private static final class ErrorAnswer {
    private final StringBuilder description = new StringBuilder();
    private boolean json;
    private boolean text;
    private boolean problem;

    void describe(String more) {
      if (description.indexOf(more.strip()) < 0) {
        description.append(description.isEmpty() ? "" : "\n").append("- ").append(more.strip());
      }
    }
  }

  /**
   * Adds errors of resources.
   *
   * @param described an object that may have {@code errors} and {@code texts}
   */
  void add(JsonNode described) {
    described
        .path("errors")
        .properties()
        .forEach(
            error -> {
              ErrorAnswer answer = answer(error);
              answer.json = true;
              answer.problem = true;
            });
    described
        .path("texts")
        .properties()
        .forEach(
            error -> {
              ErrorAnswer answer = answer(error);
              answer.text = true;
              answer.problem = true;
            });
  }

  /** Adds errors of what stands before the resources and knows plain text only. */
  void addOfGate(JsonNode described) {
    described.path("texts").properties().forEach(error -> answer(error).text = true);
  }

  private ErrorAnswer answer(Map.Entry<String, JsonNode> error) {
    ErrorAnswer answer = byStatus.computeIfAbsent(error.getKey(), status -> new ErrorAnswer());
    answer.describe(error.getValue().textValue());
    return answer;
  }

  /** Writes them to the responses of an operation, but for statuses that are there already. */
  void writeTo(ObjectNode responses) {
    byStatus.forEach(
        (status, answer) -> {
          if (!responses.has(status)) {
            write(responses.putObject(status), status, answer);
          }
        });
  }

  private static void write(ObjectNode response, String status, ErrorAnswer answer) {
    response.put("description", answer.description.toString());
    if (status.equals("503")) {
      header(response, "Retry-After", "RetryAfter");
    }
    if (status.startsWith("50")) {
      header(response, "Incident-Id", "IncidentId");
    }
    ObjectNode content = response.putObject("content");
    if (answer.json) {
      schema(content, "application/json").put("$ref", "#/components/schemas/Error");
    }
    if (answer.text) {
      schema(content, "text/plain").put("type", "string");
    }
    if (answer.problem) {
      schema(content, Problem.MEDIA_TYPE).put("$ref", "#/components/schemas/Problem");
    }
  }

  private static void header(ObjectNode response, String name, String component) {
    response
        .withObjectProperty("headers")
        .putObject(name)
        .put("$ref", "#/components/headers/" + component);
  }

  private static ObjectNode schema(ObjectNode content, String mediaType) {
    return content.putObject(mediaType).putObject("schema");
  }
}
