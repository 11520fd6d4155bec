package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a servlet of another bundle has before it. */
@Timeout(60)
class GateIT {
  private static final String LISTED = "https://app.example.com";
  private static final String EXPOSED =
      "Link, ETag, Location, Retry-After, Incident-Id, Log-Next-Offset, X-Request-Id";
  @TempDir static Path folder;
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    server = new Server(folder);
    server.configure(List.of("Jobs.Example.com", "bücher.example"), List.of(LISTED));
    server.open();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost:1",
        "127.0.0.1",
        "127.0.0.1:8090",
        "[::1]",
        "[::1]:8090",
        "jobs.example.com",
        "JOBS.EXAMPLE.COM.:80",
        "xn--bcher-kva.example"
      })
  void aServedHostIsAnswered(String host) {
    server.send("GET /plugin/echo", host, "").isText(200, "GET null [] null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"evil.example", "evil.example:8090", "10.0.0.1", "[::2]", "0.0.0.0"})
  void anotherHostIsRefused(String host) {
    server
        .send("GET /plugin/echo", host, "")
        .isText(
            421,
            "This server does not answer for the host '"
                + host.replaceFirst(":8090$", "")
                + "'. If it is to, its operator adds the name to spark.jobserver.gate.hosts.");
  }

  @Test
  void anAbsoluteUriSaysTheHostToo() {
    assertThat(
            server.send("GET http://jobs.example.com/plugin/echo", "jobs.example.com", "").status())
        .isEqualTo(200);
    assertThat(server.send("GET http://evil.example/plugin/echo", "evil.example", "").status())
        .isEqualTo(421);
    assertThat(server.send("GET http://evil.example/plugin/echo", "localhost", "").status())
        .isEqualTo(400);
    assertThat(server.raw("GET http://evil.example/plugin/echo HTTP/1.0\n\n").status())
        .isEqualTo(421);
  }

  @Test
  void whoNamesNoHostMeansTheAddressItCameTo() {
    assertThat(server.raw("GET /plugin/echo HTTP/1.0\n\n").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "POST /plugin/echo?_method=DELETE, DELETE null [] null",
    "POST /plugin/echo?_method=delete&a=1, DELETE a=1 [a] null",
    "POST /plugin/echo?a=1&%5Fmethod=Put&b=%20, PUT a=1&b=%20 [a; b] null",
    "POST /plugin/echo?a=1, POST a=1 [a] null",
    "GET /plugin/echo?_method=DELETE, GET _method=DELETE [_method] DELETE",
    "PUT /plugin/echo?_method=DELETE, PUT _method=DELETE [_method] DELETE",
    "DELETE /plugin/echo?_method=x, DELETE _method=x [_method] x"
  })
  void theMethodInTheQueryOfAPostIsTakenAndHidden(String request, String seen) {
    server.send(request, "localhost", "").isText(200, seen.replace(";", ","));
  }

  @Test
  void anotherMethodInTheQueryIsRefused() {
    server
        .send("POST /plugin/echo?_method=PATCH", "localhost", "")
        .isText(
            400, "The query parameter '_method' was malformed: it must be DELETE or PUT, once.");
  }

  /** The connection does not go on, so that what a proxy took for a body is no request here. */
  @Test
  void aRequestWithChunksThatHttpDidNotHaveThenIsRefusedAndItsConnectionEnds() {
    String next = "GET /plugin/echo HTTP/1.1\nHost: localhost\nConnection: close\n\n";
    server
        .raw(
            "POST /plugin/echo HTTP/1.0\nHost: localhost\nConnection: keep-alive\n"
                + "Transfer-Encoding: chunked\n\n0\n\n"
                + next)
        .isText(400, "A request of HTTP/1.0 may not have a Transfer-Encoding.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://localhost:1",
        "Origin: https://localhost",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Origin: http://localhost\nSec-Fetch-Site: cross-site"
      })
  void aPageOfAnotherOriginMayChangeNothing(String headers) {
    for (String request :
        List.of(
            "POST /plugin/echo?_method=DELETE",
            "POST /plugin/echo",
            "PUT /plugin/echo",
            "DELETE /plugin/echo")) {
      server
          .send(request, "localhost", headers + "\n")
          .isText(
              403,
              "A page of another origin may only read, as long as its origin is not in"
                  + " spark.jobserver.cors.origins.");
    }
    server.send("GET /plugin/echo", "localhost", headers + "\n").isText(200, "GET null [] null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://localhost",
        "Origin: null\nSec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "Origin: " + LISTED,
        "Origin: " + LISTED + "\nSec-Fetch-Site: cross-site"
      })
  void aPageOfItsOwnOrOfAListedOriginMay(String headers) {
    server
        .send("POST /plugin/echo?_method=DELETE", "localhost", headers + "\n")
        .isText(200, "DELETE null [] null");
  }

  @Test
  void aListedOriginMayRead() {
    server
        .send("GET /plugin/echo", "localhost", "Origin: " + LISTED + "\n")
        .isText(200, "GET null [] null")
        .has("Access-Control-Allow-Origin", LISTED)
        .has("Access-Control-Allow-Credentials", "true")
        .has("Access-Control-Expose-Headers", EXPOSED)
        .has("Vary", "Origin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Origin: https://evil.example\n", "Origin: null\n"})
  void anotherOriginIsAnsweredAndMayNotRead(String headers) {
    server
        .send("GET /plugin/echo", "localhost", headers)
        .isText(200, "GET null [] null")
        .hasNo("Access-Control-Allow-Origin")
        .hasNo("Access-Control-Allow-Credentials")
        .hasNo("Access-Control-Expose-Headers")
        .has("Vary", "Origin");
  }

  @Test
  void aListedOriginIsToldWhatItMaySend() {
    Reply reply =
        server.send(
            "OPTIONS /plugin/echo",
            "localhost",
            "Origin: "
                + LISTED
                + "\nAccess-Control-Request-Method: DELETE\n"
                + "Access-Control-Request-Headers: content-type, x-mine,,a b,"
                + "x".repeat(65)
                + "\n");
    assertThat(reply.status()).isEqualTo(204);
    assertThat(reply.body()).isEmpty();
    reply
        .has("Access-Control-Allow-Origin", LISTED)
        .has("Access-Control-Allow-Credentials", "true")
        .has("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
        .has("Access-Control-Allow-Headers", "content-type, x-mine")
        .has("Access-Control-Max-Age", "3600")
        .has("Vary", "Origin");
  }

  @Test
  void anotherOriginIsToldThatItMaySendNothing() {
    server
        .send(
            "OPTIONS /plugin/echo",
            "localhost",
            "Origin: https://evil.example\nAccess-Control-Request-Method: DELETE\n")
        .isText(
            403,
            "Pages of this origin may not use this server: it is not in"
                + " spark.jobserver.cors.origins.")
        .hasNo("Access-Control-Allow-Origin")
        .hasNo("Access-Control-Allow-Methods");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Origin: " + LISTED + "\n", "Access-Control-Request-Method: PUT\n"})
  void anOptionsThatIsNoSuchQuestionIsTheApplications(String headers) {
    server.send("OPTIONS /plugin/echo", "localhost", headers).isText(200, "OPTIONS null [] null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/plugin/echo", "/plugin/reset", "/plugin/error", "/plugin/crash", "/no"})
  void everyAnswerHasTheHeaders(String path) {
    server
        .send("GET " + path, "localhost", "Origin: " + LISTED + "\n")
        .has("X-Content-Type-Options", "nosniff")
        .has("Referrer-Policy", "no-referrer")
        .has("Cache-Control", "no-store")
        .has("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        .has("Access-Control-Allow-Origin", LISTED)
        .hasNo("X-Gone")
        .hasNo("Server")
        .hasNo("X-Powered-By");
  }

  @Test
  void refusalsHaveThemToo() {
    for (Reply reply :
        List.of(
            server.send("GET /plugin/echo", "evil.example", ""),
            server.send("POST /plugin/echo?_method=x", "localhost", ""),
            server.raw("GET /plugin/echo HTTP/1.1\n\n"))) {
      reply
          .has("X-Content-Type-Options", "nosniff")
          .has("Referrer-Policy", "no-referrer")
          .has("Cache-Control", "no-store")
          .has("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
          .hasNo("Server");
    }
  }

  @Test
  void anAnswerKeepsWhatItSetsItself() {
    Reply own = server.send("GET /plugin/own-headers", "localhost", "");
    assertThat(own.all("Cache-Control")).containsExactly("private", "max-age=60");
    assertThat(own.all("Vary")).containsExactly("Accept", "Origin");
    server
        .send("GET /plugin/page-with-policy", "localhost", "")
        .has("Content-Security-Policy", "default-src 'self'");
    server
        .send("GET /plugin/later", "localhost", "")
        .isText(200, "GET null [] null")
        .has("Cache-Control", "max-age=60");
  }

  @Test
  void aPageIsNotShownInAnother() {
    server
        .send("GET /plugin/page", "localhost", "")
        .has("Content-Security-Policy", "frame-ancestors 'none'");
  }

  @Test
  void whatAServletLeavesToTheContainerIsPlainText() {
    server.send("PUT /plugin/error", "localhost", "").isText(409, "409 Conflict: in the way");
    server.send("GET /plugin/crash", "localhost", "").isText(500, "500 Server Error");
    server
        .send("DELETE /nothing", "localhost", "Accept: text/html\n")
        .isText(404, "The requested resource could not be found.");
  }

  @Test
  void thePreprocessorsOfOthersComeAfterIt() {
    assertThat(server.send("GET /plugin/broken", "evil.example", "").status()).isEqualTo(421);
    server.send("GET /plugin/broken", "localhost", "").isText(500, "500 Server Error");
  }

  @Test
  void whatAServletCannotReadAndSaysNoMoreOfIsTold() {
    server
        .send("GET /plugin/wordless", "localhost", "")
        .isText(
            400,
            "The request was malformed: its URI, its Content-Type or another of its headers"
                + " cannot be read.")
        .has("X-Content-Type-Options", "nosniff");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /plugin/echo HTTP/1.1\\n\\n | 400 | No Host",
        "GET /plugin/{x} HTTP/1.1\\nHost: localhost\\n\\n | 400 | Illegal Path Character",
        "GET /plugin/a%zz HTTP/1.1\\nHost: localhost\\n\\n | 400 | ",
        "GET /../x HTTP/1.1\\nHost: localhost\\n\\n | 400 | ",
        "GET /plugin/echo HTTP/1.1\\nHost: a b\\n\\n | 400 | Bad HostPort",
        "GET /plugin/echo HTTP/1.1\\nHost: localhost\\nA B: c\\n\\n | 400 | Illegal character",
        "PUT /plugin/echo HTTP/1.1\\n"
            + "Host: localhost\\n"
            + "Content-Length: x\\n"
            + "\\n"
            + " | 400 | Content-Length",
        "G\u0001T /plugin/echo HTTP/1.1\\n\\n | 400 | Illegal character",
      })
  void whatIsNoRequestIsTold(String lines, int status, String reason) {
    Reply reply = server.raw(lines.replace("\\n", "\n"));
    reply.isText(status, reply.body());
    assertThat(reply.body())
        .startsWith("The request was malformed")
        .contains(reason == null ? "" : reason)
        .doesNotContain("<");
  }

  @Test
  void aRequestThatIsTooLargeIsTold() {
    server
        .raw("GET /plugin/echo HTTP/1.1\nHost: localhost\nA: " + "a".repeat(20_000) + "\n\n")
        .isText(431, "431 Request Header Fields Too Large");
    server
        .raw("GET /" + "a".repeat(20_000) + " HTTP/1.1\nHost: localhost\n\n")
        .isText(414, "414 URI Too Long");
  }
}
