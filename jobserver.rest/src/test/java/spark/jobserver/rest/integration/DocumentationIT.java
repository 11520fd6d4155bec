package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;

/** What tells of the routes. */
class DocumentationIT extends RunningServer {
  private JsonNode document() {
    Reply reply = server.get("/openapi.json");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("Content-Type")).isEqualTo("application/json");
    return reply.json();
  }

  @Test
  void theRoutesAreDescribedInOpenApi() {
    JsonNode document = document();
    assertThat(document.get("openapi").textValue()).isEqualTo("3.1.0");
    assertThat(document.at("/info/version").textValue()).matches("\\d+\\.\\d+\\.\\d+");
    assertThat(document.at("/paths/~1jobs~1{jobId}/get/operationId").textValue())
        .isEqualTo("getJob");
    assertThat(document.get("paths")).hasSizeGreaterThan(18);
  }

  @Test
  void theRouteOfAPluginIsDescribedWhileItIsThere(@TempDir Path folder) throws Exception {
    assertThat(document().get("paths").has("/plugin")).isFalse();
    Bundle plugin = server.install(RoutesIT.plugin(folder.resolve("plugin.jar")));
    plugin.start();
    Server.until(() -> server.get("/plugin").status() == 200);
    JsonNode route = document().at("/paths/~1plugin/get");
    assertThat(route.get("operationId").textValue()).isEqualTo("askPlugin");
    assertThat(route.get("summary").textValue()).isEqualTo("A plugin's route");
    assertThat(route.get("responses").has("421")).isTrue();
    assertThat(server.get("/docs/api").body()).contains("A plugin&#39;s route");
    plugin.uninstall();
    Server.until(() -> server.get("/plugin").status() == 404);
    Server.until(() -> server.get("/openapi.json").status() == 200);
    assertThat(document().get("paths").has("/plugin")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/docs/api", "/html/", "/html/index.html", "/html/a/b"})
  void aPageAllowsItsOwnStyleAndNothingElse(String path) throws Exception {
    Reply reply = server.get(path);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("Content-Type")).isEqualToIgnoringCase("text/html;charset=utf-8");
    Matcher style = Pattern.compile("<style>(.*?)</style>", Pattern.DOTALL).matcher(reply.body());
    assertThat(style.find()).isTrue();
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(style.group(1).getBytes(StandardCharsets.UTF_8));
    assertThat(reply.header("Content-Security-Policy"))
        .isEqualTo(
            "default-src 'none'; style-src 'sha256-"
                + Base64.getEncoder().encodeToString(digest)
                + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  }

  @Test
  void theIndexLeadsToTheRest() {
    String index = server.get("/").body();
    for (String path : new String[] {"/docs/api", "/openapi.json", "/healthz", "/metricz"}) {
      assertThat(index).contains("href=\"" + path + "\"");
      assertThat(server.get(path).status()).isEqualTo(200);
    }
  }

  @Test
  void thePagesAreThereWithoutACore() {
    withdraw();
    for (String path : new String[] {"/", "/docs/api", "/openapi.json", "/metricz"}) {
      assertThat(server.get(path).status()).as(path).isEqualTo(200);
    }
  }
}
