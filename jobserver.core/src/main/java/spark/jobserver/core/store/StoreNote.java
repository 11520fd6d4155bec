package spark.jobserver.core.store;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the data folder remembers of stores.
 *
 * @param store the name of the one that has the server's data
 * @param left those that had them before, with the digest of their {@link Inventory} when they were
 *     copied
 * @param unfinished those that a copy was begun into and not finished: what they hold is of no use
 */
record StoreNote(String store, Map<String, String> left, Set<String> unfinished) {
  private static final String STORE = "store";
  private static final String LEFT = "left";
  private static final String UNFINISHED = "unfinished";

  StoreNote {
    left = Map.copyOf(left);
    unfinished = Set.copyOf(unfinished);
  }

  /** That of a folder whose data have always been in one store. */
  static StoreNote of(String store) {
    return new StoreNote(store, Map.of(), Set.of());
  }

  /** This note once a copy into a store is begun. */
  StoreNote begun(String into) {
    Set<String> begun = new HashSet<>(unfinished);
    begun.add(into);
    return new StoreNote(store, left, begun);
  }

  /** This note once everything is in another store. */
  StoreNote moved(String into, String digest) {
    Map<String, String> behind = new HashMap<>(left);
    behind.put(store, digest);
    behind.remove(into);
    Set<String> others = new HashSet<>(unfinished);
    others.remove(into);
    return new StoreNote(into, behind, others);
  }

  /**
   * The note in a file, if there is one.
   *
   * @throws IOException when it cannot be read, or is no note
   */
  static Optional<StoreNote> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Config note =
          ConfigFactory.parseString(
              Files.readString(file), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
      ConfigObject left = note.getObject(LEFT);
      Map<String, String> digests = new HashMap<>();
      left.forEach((name, digest) -> digests.put(name, (String) digest.unwrapped()));
      return Optional.of(
          new StoreNote(
              note.getString(STORE), digests, Set.copyOf(note.getStringList(UNFINISHED))));
    } catch (ConfigException | ClassCastException e) {
      throw new IOException(file + " does not say which store was used last", e);
    }
  }

  /** Writes it, so that after a crash either this or what was there before is found. */
  void write(Path file) throws IOException {
    Map<String, Object> note =
        Map.of(
            STORE,
            store,
            LEFT,
            new TreeMap<>(left),
            UNFINISHED,
            List.copyOf(new TreeSet<>(unfinished)));
    String text =
        ConfigValueFactory.fromMap(note)
            .render(ConfigRenderOptions.concise().setFormatted(true).setJson(true));
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.write(part, text.getBytes(StandardCharsets.UTF_8));
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
