package spark.jobserver.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins;

/** The plugins of a server that was started without: what lies in the folder is told and left. */
final class SafeMode implements Plugins {
  private static final String WHY = "The server was started with --safe-mode, without plugins.";

  private final Path folder;
  private final Clock clock;

  SafeMode(Path folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  @Override
  public List<Plugin> list() {
    try {
      return new FolderLook(folder).look().keySet().stream().sorted().map(this::plugin).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Plugin plugin(String file) {
    return new Plugin(
        name(file),
        file,
        State.OFF,
        Optional.empty(),
        Optional.empty(),
        false,
        List.of(),
        List.of(WHY),
        clock.instant());
  }

  private String name(String file) {
    try {
      return PluginJar.read(folder.resolve(file)).name();
    } catch (PluginJar.NoBundle e) {
      return file;
    }
  }

  @Override
  public Optional<Plugin> find(String name) {
    return list().stream().filter(plugin -> plugin.name().equals(name)).findFirst();
  }

  @Override
  public Report check(InputStream jar) {
    throw fixed();
  }

  @Override
  public Plugin install(String name, InputStream jar) {
    throw fixed();
  }

  @Override
  public Plugin rollBack(String name) {
    throw fixed();
  }

  @Override
  public void remove(String name) {
    throw fixed();
  }

  private static JobserverException fixed() {
    return new JobserverException(
        ErrorCode.PLUGINS_FIXED, WHY + " Change the files in the folder, and start it again.");
  }
}
