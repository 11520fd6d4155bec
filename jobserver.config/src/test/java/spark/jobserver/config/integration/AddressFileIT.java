package spark.jobserver.config.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;

class AddressFileIT {
  @TempDir Path folder;

  @Test
  void tellsWhereTheHttpServerListensAsLongAsItRuns() throws Exception {
    Path file = folder.resolve("url");
    Path storage = Files.createTempDirectory(folder, "felix");
    Map<String, String> properties =
        Map.of("jobserver.data", folder.toString(), "jobserver.port", "0");
    try (Container container = new Container(storage, properties).start()) {
      assertThat(file).doesNotExist();

      // As Felix does: the server is a service before it listens.
      ServiceRegistration<Object> server =
          container.context().registerService(Object.class, new Object(), null);
      assertThat(file).doesNotExist();
      server.setProperties(endpoint("http://127.0.0.1:8090/"));
      assertThat(file).hasContent("http://127.0.0.1:8090/");

      server.setProperties(endpoint("http://127.0.0.1:8091/", "http://[::1]:8091/"));
      assertThat(file).hasContent("http://127.0.0.1:8091/");

      server.unregister();
      assertThat(file).doesNotExist();
    }
  }

  private static Dictionary<String, Object> endpoint(String... addresses) {
    return FrameworkUtil.asDictionary(Map.of("osgi.http.endpoint", addresses));
  }
}
