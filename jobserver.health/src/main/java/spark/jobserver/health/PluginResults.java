package spark.jobserver.health;

import java.util.List;
import org.apache.felix.hc.api.Result.Status;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.api.server.Plugins.Plugin;
import spark.jobserver.api.server.Plugins.Revision;

/** A result for each plugin; none keeps the server from being ready, for they harm nothing else. */
final class PluginResults {
  private PluginResults() {}

  static List<CheckResult> of(Plugins plugins) {
    return plugins.list().stream().map(PluginResults::of).toList();
  }

  private static CheckResult of(Plugin plugin) {
    String name =
        "plugin "
            + plugin.name()
            + plugin.running().map(Revision::version).map(version -> " " + version).orElse("");
    return new CheckResult(name, status(plugin), message(plugin), false);
  }

  private static Status status(Plugin plugin) {
    return switch (plugin.state()) {
      case ACTIVE -> plugin.problems().isEmpty() ? Status.OK : Status.WARN;
      case CHECKING, OFF -> Status.WARN;
      case FAILED -> Status.CRITICAL;
    };
  }

  private static String message(Plugin plugin) {
    String problems = String.join(" ", plugin.problems());
    return switch (plugin.state()) {
      case ACTIVE -> problems.isEmpty() ? "runs" : "runs, but its file cannot be used: " + problems;
      case CHECKING -> "is being checked";
      case FAILED -> "does not run: " + problems;
      case OFF -> problems;
    };
  }
}
