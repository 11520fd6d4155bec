package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PluginsIT extends RunningServer {
  private static final String ONE =
      """
      {'name': 'a', 'state': 'ACTIVE', 'file': 'a.jar', 'version': '1', 'digest': 'cafe',
       'since': '1970-01-01T00:00:00.000Z', 'brings': ['REST /x']}
      """;

  PluginsIT() {
    super(
        60_000,
        Map.of("max-upload-size", "1 KiB", "max-config-size", "1 KiB", "change-plugins", "true"));
  }

  @Test
  void aPluginIsInstalledUpdatedRolledBackAndRemoved() {
    server.get("/plugins").isJson(200, "[]");
    server.send("PUT /plugins/a", "1").isJson(201, ONE);
    server.get("/plugins/a").isJson(200, ONE);
    server.get("/plugins").isJson(200, "[" + ONE + "]");
    assertThat(server.send("PUT /plugins/a", "2").status()).isEqualTo(200);
    server
        .send("POST /plugins/a/rollback", "")
        .isJson(
            200,
            """
            {'name': 'a', 'state': 'ACTIVE', 'file': 'a.jar', 'version': '1', 'digest': 'cafe',
             'since': '1970-01-01T00:00:00.000Z', 'brings': ['REST /x'], 'rolledBack': true,
             'previous': {'version': '2', 'digest': 'cafe'}}
            """);
    server.send("DELETE /plugins/a", "").isJson(200, "{'status': 'SUCCESS'}");
    server.get("/plugins").isJson(200, "[]");
  }

  @Test
  void whatIsWrongIsTold() {
    server.send("PUT /plugins/a", "bad").isJson(422, "{'status': 'ERROR', 'result': 'It throws.'}");
    server
        .send("POST /plugins/a/rollback", "")
        .isJson(404, "{'status': 'ERROR', 'result': 'No a'}");
    server.send("PUT /plugins/a", "1");
    server
        .send("POST /plugins/a/rollback", "")
        .isJson(422, "{'status': 'ERROR', 'result': 'There is no previous.'}");
    server.send("DELETE /plugins/b", "").isJson(404, "{'status': 'ERROR', 'result': 'No b'}");
    server.get("/plugins/b").isJson(404, "{'status': 'ERROR', 'result': 'There is no plugin b.'}");
    server
        .send("PUT /plugins/a", "x".repeat(1025))
        .isText(413, "The request body is larger than the 1024 bytes allowed");
  }
}
