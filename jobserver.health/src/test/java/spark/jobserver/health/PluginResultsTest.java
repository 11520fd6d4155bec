package spark.jobserver.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.felix.hc.api.Result.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.api.server.Plugins.Plugin;
import spark.jobserver.api.server.Plugins.Revision;
import spark.jobserver.api.server.Plugins.State;

class PluginResultsTest {
  @ParameterizedTest
  @CsvSource({
    "ACTIVE, '', OK, runs",
    "ACTIVE, no zip, WARN, 'runs, but its file cannot be used: no zip'",
    "FAILED, no zip, CRITICAL, does not run: no zip",
    "CHECKING, '', WARN, is being checked",
    "OFF, safe mode, WARN, safe mode"
  })
  void aPluginIsWellWhenItRuns(State state, String problem, Status status, String message) {
    Plugin plugin =
        new Plugin(
            "a.plugin",
            "a.jar",
            state,
            Optional.of(new Revision("1.2.3", "cafe")),
            Optional.empty(),
            false,
            List.of(),
            problem.isEmpty() ? List.of() : List.of(problem),
            Instant.EPOCH);

    assertThat(PluginResults.of(new OnePlugin(plugin)))
        .containsExactly(new CheckResult("plugin a.plugin 1.2.3", status, message, false));
  }

  /** Knows one plugin, and can do nothing with it. */
  private record OnePlugin(Plugin plugin) implements Plugins {
    @Override
    public List<Plugin> list() {
      return List.of(plugin);
    }

    @Override
    public Optional<Plugin> find(String name) {
      return Optional.of(plugin);
    }

    @Override
    public Report check(java.io.InputStream jar) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Plugin install(String name, java.io.InputStream jar) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Plugin rollBack(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void remove(String name) {
      throw new UnsupportedOperationException();
    }
  }
}
