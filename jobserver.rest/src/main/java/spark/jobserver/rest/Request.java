package spark.jobserver.rest;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.api.server.Standing;

/**
 * A request without its body. May be asked only by the method of the resource that it was given to,
 * while that method runs.
 */
public final class Request {
  private final HttpServletRequest servletRequest;
  private final UriInfo uri;

  /** Called by Jersey. */
  public Request(@Context HttpServletRequest servletRequest, @Context UriInfo uri) {
    this.servletRequest = servletRequest;
    this.uri = uri;
  }

  /** The request's URI as the client wrote it, with its query. */
  URI uri() {
    return uri.getRequestUri();
  }

  /** The request's method. */
  String method() {
    return servletRequest.getMethod();
  }

  /** The query parameters, decoded. */
  Query query() {
    return Query.of(uri);
  }

  /** A header as the client wrote it; with a comma between values that were given one by one. */
  Optional<String> header(String name) {
    List<String> values = Collections.list(servletRequest.getHeaders(name));
    return values.isEmpty() ? Optional.empty() : Optional.of(String.join(",", values));
  }

  /**
   * The name in a path like {@code /binaries/name}: the whole second segment, decoded once. It may
   * be any text, with slashes that were encoded as {@code %2F} and with semicolons, which Jersey's
   * own path parameters take for the start of something else.
   *
   * @throws Rejection when its percent-encoding is broken
   */
  String name() {
    String path = uri.getPath(false);
    String[] segments = (path.startsWith("/") ? path.substring(1) : path).split("/", -1);
    return decoded(segments[1]);
  }

  /** Text in percent-encoded UTF-8, where a plus sign is a plus sign. */
  static String decoded(String segment) {
    try {
      byte[] bytes =
          URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.ISO_8859_1)
              .getBytes(StandardCharsets.ISO_8859_1);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new Rejection(400, "The path was malformed: " + segment + " is not encoded UTF-8");
    }
  }

  /** On whose behalf the gate lets it through; the server's own where there is no gate. */
  Caller caller() {
    return servletRequest.getAttribute(Caller.ATTRIBUTE) instanceof Caller caller
        ? caller
        : Caller.SERVER;
  }

  /** Whether its caller may still make it, which may be asked until it is answered. */
  Standing standing() {
    return servletRequest.getAttribute(Standing.ATTRIBUTE) instanceof Standing standing
        ? standing
        : () -> true;
  }

  /** Its body, which is refused at its end when its caller may by then send it no more. */
  InputStream body(InputStream body) {
    return new LateBody(body, standing());
  }

  /** By which logs know it; empty where nothing before the application has given it an id. */
  Optional<String> id() {
    return Optional.ofNullable(servletRequest.getAttribute(RequestObserver.ID))
        .map(Object::toString);
  }

  /** What the container keeps of this request after it was suspended. */
  AsyncContext suspended() {
    return servletRequest.getAsyncContext();
  }
}
