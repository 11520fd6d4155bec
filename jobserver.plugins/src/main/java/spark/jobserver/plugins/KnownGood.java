package spark.jobserver.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which bundles have passed their check, so that a start of the server does not check
 * them again: as long as the server, its Spark and its Java are the same. What has failed is
 * checked each time.
 */
final class KnownGood implements Check {
  private static final Logger LOG = LoggerFactory.getLogger(KnownGood.class);
  private static final String GOOD = ".good";

  private final Check check;
  private final Path folder;
  private final String surroundings;

  /**
   * @param folder where it is kept
   * @param surroundings a line that is another one when the server, its Spark or its Java has
   *     changed
   */
  KnownGood(Check check, Path folder, String surroundings) {
    this.check = check;
    this.folder = folder;
    this.surroundings = surroundings;
  }

  /**
   * As {@link Check} says.
   *
   * @param jar a file whose name says what its bytes are
   */
  @Override
  public Verdict check(Path jar, List<Path> beside) throws InterruptedException {
    Path file = folder.resolve(jar.getFileName() + GOOD);
    Optional<Verdict> known = read(file);
    if (known.isPresent()) {
      return known.get();
    }
    Verdict verdict = check.check(jar, beside);
    if (verdict.isGood()) {
      write(file, verdict);
    }
    return verdict;
  }

  private Optional<Verdict> read(Path file) {
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      List<String> lines = Files.readAllLines(file, UTF_8);
      boolean same = !lines.isEmpty() && lines.get(0).equals(surroundings);
      return same ? Verdict.read(lines) : Optional.empty();
    } catch (IOException e) {
      LOG.warn("{} cannot be read: the plugin is checked again", file, e);
      return Optional.empty();
    }
  }

  private void write(Path file, Verdict verdict) {
    try {
      Files.createDirectories(folder);
      Files.write(
          file, Stream.concat(Stream.of(surroundings), verdict.lines().stream()).toList(), UTF_8);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: the plugin will be checked again", file, e);
    }
  }

  /**
   * Forgets what nobody needs any more.
   *
   * @param needed the names of the files whose verdicts stay
   */
  void retain(Set<String> needed) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(GOOD)).toList()) {
        String name = file.getFileName().toString();
        if (!needed.contains(name.substring(0, name.length() - GOOD.length()))) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
