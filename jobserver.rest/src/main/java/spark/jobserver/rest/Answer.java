package spark.jobserver.rest;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import spark.jobserver.api.Content;

/**
 * Makes responses of reports. Their bodies are bytes or {@link ResultBody}; none needs a writer of
 * Jersey's. They do not depend on what a client accepts: it gets JSON, and plain text where a
 * request was not understood.
 */
final class Answer {
  private Answer() {}

  /** 200 with a report. */
  static Response ok(Object report) {
    return of(200, report);
  }

  /** A report under a status. */
  static Response of(int status, Object report) {
    return of(status, MediaType.APPLICATION_JSON_TYPE, Json.bytes(report));
  }

  /** 304, with the length of what is not sent (RFC 9110, 8.6). */
  static Response notModified(Response answer) {
    return Response.notModified()
        .header(
            HttpHeaders.CONTENT_LENGTH, answer.getHeaders().getFirst(HttpHeaders.CONTENT_LENGTH))
        .build();
  }

  /** 200 with what is a JSON text already. */
  static Response json(String text) {
    return json(Content.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** 200 with what is a JSON text already, however large. */
  static Response json(Content text) {
    return Response.ok(new ContentBody(text::open), MediaType.APPLICATION_JSON_TYPE)
        .header(HttpHeaders.CONTENT_LENGTH, text.size())
        .build();
  }

  /** 200 with a report and the result of a job. */
  static Response withResult(Object report, Content result) {
    ResultBody body = ResultBody.of(report, result);
    return Response.ok(body, MediaType.APPLICATION_JSON_TYPE)
        .header(HttpHeaders.CONTENT_LENGTH, body.length())
        .build();
  }

  /** A text under a status. */
  static Response text(int status, String text) {
    return of(
        status,
        MediaType.TEXT_PLAIN_TYPE.withCharset("UTF-8"),
        text.getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes of any type under a status. */
  static Response of(int status, MediaType type, byte[] body) {
    return Response.status(status)
        .type(type)
        .header(HttpHeaders.CONTENT_LENGTH, body.length)
        .entity(body)
        .build();
  }
}
