package spark.jobserver.rest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins;

/** Plugins in memory, whose versions are the texts that were installed. */
public final class FakePlugins implements Plugins {
  public final Map<String, Plugin> plugins = new ConcurrentSkipListMap<>();

  @Override
  public List<Plugin> list() {
    return List.copyOf(plugins.values());
  }

  @Override
  public Optional<Plugin> find(String name) {
    return Optional.ofNullable(plugins.get(name));
  }

  @Override
  public Report check(InputStream jar) {
    throw new UnsupportedOperationException("no route checks");
  }

  @Override
  public Plugin install(String name, InputStream jar) throws IOException {
    String text = new String(jar.readAllBytes(), StandardCharsets.UTF_8);
    if (text.equals("bad")) {
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, "It throws.");
    }
    return put(name, new Revision(text, "cafe"), find(name).flatMap(Plugin::running), false);
  }

  private Plugin put(String name, Revision now, Optional<Revision> previous, boolean rolledBack) {
    Plugin plugin =
        new Plugin(
            name,
            name + ".jar",
            State.ACTIVE,
            Optional.of(now),
            previous,
            rolledBack,
            List.of("REST /x"),
            List.of(),
            Instant.EPOCH);
    plugins.put(name, plugin);
    return plugin;
  }

  @Override
  public Plugin rollBack(String name) {
    Plugin plugin = there(name);
    Revision previous =
        plugin
            .previous()
            .orElseThrow(
                () -> new JobserverException(ErrorCode.PLUGIN_REFUSED, "There is no previous."));
    return put(name, previous, plugin.running(), true);
  }

  @Override
  public void remove(String name) {
    there(name);
    plugins.remove(name);
  }

  private Plugin there(String name) {
    return find(name)
        .orElseThrow(() -> new JobserverException(ErrorCode.PLUGIN_NOT_FOUND, "No " + name));
  }
}
