package spark.jobserver.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An error as {@code application/problem+json} (RFC 9457), for clients that ask for it.
 *
 * @param type a URI of the kind of problem; there are none but the statuses
 * @param title what the status is called
 * @param status the HTTP status
 * @param detail what is wrong
 * @param word what failed, in the words of the usual errors
 * @param errorClass of the exception behind it
 * @param stack of the exception behind it
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Problem(
    String type,
    String title,
    int status,
    String detail,
    String word,
    String errorClass,
    String stack) {
  static final String MEDIA_TYPE = "application/problem+json";

  /** The weight of a media type that a client does not want. */
  private static final Pattern NEVER = Pattern.compile(";q=0(\\.0*)?(;|$)");

  /** Whether a client asks for problems: it names the media type. */
  static boolean wanted(Optional<String> accept) {
    return accept.stream()
        .flatMap(types -> Arrays.stream(types.split(",")))
        .map(type -> type.replaceAll("\\s", "").toLowerCase(Locale.ROOT))
        .anyMatch(type -> type.split(";", 2)[0].equals(MEDIA_TYPE) && !NEVER.matcher(type).find());
  }

  /** An error told as a problem; other answers as they are. */
  static Response instead(Response answer) {
    if (answer.getStatus() < 400 || !(answer.getEntity() instanceof byte[] body)) {
      return answer;
    }
    Problem problem = of(answer.getStatusInfo(), answer.getMediaType(), body);
    byte[] told = Json.bytes(problem);
    return Response.fromResponse(answer)
        .type(MEDIA_TYPE)
        .header(HttpHeaders.CONTENT_LENGTH, null)
        .header(HttpHeaders.CONTENT_LENGTH, told.length)
        .entity(told)
        .build();
  }

  private static Problem of(Response.StatusType status, MediaType type, byte[] body) {
    if (!MediaType.APPLICATION_JSON_TYPE.isCompatible(type)) {
      return of(status, new String(body, StandardCharsets.UTF_8), "", "", "");
    }
    JsonNode report = Json.read(body);
    JsonNode result = report.path("result");
    return result.isObject()
        ? of(
            status,
            result.path("message").asText(""),
            report.path("status").asText(""),
            result.path("errorClass").asText(""),
            result.path("stack").asText(""))
        : of(status, result.asText(""), report.path("status").asText(""), "", "");
  }

  private static Problem of(
      Response.StatusType status, String detail, String word, String errorClass, String stack) {
    return new Problem(
        "about:blank",
        status.getReasonPhrase(),
        status.getStatusCode(),
        detail,
        word,
        errorClass,
        stack);
  }
}
