package spark.jobserver.rest.integration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FixedPluginsIT extends RunningServer {
  @ParameterizedTest
  @ValueSource(strings = {"PUT /plugins/a", "POST /plugins/a/rollback", "DELETE /plugins/a"})
  void nobodyChangesPluginsWhereThatIsNotAllowed(String request) {
    server
        .send(request, "")
        .isJson(
            403,
            "{'status': 'ERROR', 'result': 'Plugins are not changed over HTTP here:"
                + " spark.jobserver.rest.change-plugins is false.'}");
    server.get("/plugins").isJson(200, "[]");
  }
}
