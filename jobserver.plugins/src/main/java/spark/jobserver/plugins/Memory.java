package spark.jobserver.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import spark.jobserver.api.server.Plugins.Revision;

/**
 * What of each plugin outlives the server: what ran, what ran before it, and whether the operator
 * has gone back. Kept in a file, synced. For one thread.
 */
final class Memory {
  private final Path file;
  private final Map<String, Past> pasts = new TreeMap<>();

  /**
   * A plugin's past.
   *
   * @param file the digest of the file that the operator had put there
   * @param running what ran
   * @param previous what ran before
   * @param chosen whether the operator has gone back, so that the file is not what is to run
   */
  record Past(String file, Revision running, Optional<Revision> previous, boolean chosen) {}

  private Memory(Path file) {
    this.file = file;
  }

  /**
   * Reads what was kept.
   *
   * @throws IOException when it cannot be read
   */
  static Memory of(Path file) throws IOException {
    Memory memory = new Memory(file);
    try {
      Config kept = ConfigFactory.parseString(Files.readString(file, UTF_8));
      for (Config one : kept.getConfigList("plugins")) {
        memory.pasts.put(
            one.getString("name"),
            new Past(
                one.getString("file"),
                revision(one.getConfig("running")),
                one.hasPath("previous")
                    ? Optional.of(revision(one.getConfig("previous")))
                    : Optional.empty(),
                one.getBoolean("chosen")));
      }
    } catch (NoSuchFileException e) {
      // There were no plugins yet.
    } catch (ConfigException e) {
      throw new IOException(file + " is not what was written there: " + e.getMessage(), e);
    }
    return memory;
  }

  private static Revision revision(Config kept) {
    return new Revision(kept.getString("version"), kept.getString("digest"));
  }

  Optional<Past> of(String name) {
    return Optional.ofNullable(pasts.get(name));
  }

  Map<String, Past> all() {
    return Map.copyOf(pasts);
  }

  void put(String name, Past past) throws IOException {
    if (!past.equals(pasts.put(name, past))) {
      write();
    }
  }

  void forget(String name) throws IOException {
    if (pasts.remove(name) != null) {
      write();
    }
  }

  private void write() throws IOException {
    List<Map<String, Object>> plugins =
        pasts.entrySet().stream().map(entry -> values(entry.getKey(), entry.getValue())).toList();
    String text =
        ConfigValueFactory.fromMap(Map.of("plugins", plugins))
            .render(ConfigRenderOptions.concise().setFormatted(true));
    Files.createDirectories(file.getParent());
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, text, UTF_8);
    try (FileChannel written = FileChannel.open(part, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Map<String, Object> values(String name, Past past) {
    Map<String, Object> values = new HashMap<>();
    values.put("name", name);
    values.put("file", past.file());
    values.put("running", values(past.running()));
    past.previous().ifPresent(previous -> values.put("previous", values(previous)));
    values.put("chosen", past.chosen());
    return values;
  }

  private static Map<String, String> values(Revision revision) {
    return Map.of("version", revision.version(), "digest", revision.digest());
  }
}
