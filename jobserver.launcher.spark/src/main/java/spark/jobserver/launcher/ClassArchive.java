package spark.jobserver.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of classes that drivers start with: what a driver has loaded once, in the form that
 * the JVM keeps classes in (a dynamic archive of its class data sharing, JEP 350). It is good for
 * one Java, one Spark and one set of our bundles, which its name tells; the JVM itself refuses one
 * whose class path differs, as when jars are replaced under a server that runs, and goes on
 * without.
 */
final class ClassArchive {
  private static final Logger LOG = LoggerFactory.getLogger(ClassArchive.class);

  /** By which a JVM is told to use an archive. */
  static final String OPTION = "-XX:SharedArchiveFile=";

  private static final String PREFIX = "driver-";
  private static final String SUFFIX = ".jsa";

  /** Of other Javas, Sparks and versions of ours. Each has some 130 MB. */
  private static final int KEPT = 3;

  /** The JVM would tell of every class that it leaves out, and of an archive that does not fit. */
  private static final String QUIETLY = "-Xlog:disable -Xlog:all=warning:stderr -Xlog:cds*=off";

  private final Path folder;
  private final Path sparkJars;
  private final List<Path> ours;

  /** Where it is; found at the first question, for there are hundreds of jars to look at. */
  private Optional<Path> file = Optional.empty();

  /**
   * @param folder where archives are kept; servers may share it
   * @param sparkJars the folder of Spark's jars, which are a driver's class path
   * @param ours folders and jars of ours, which Spark and the framework load by loaders of their
   *     own: it does not matter where these are
   */
  ClassArchive(Path folder, Path sparkJars, List<Path> ours) {
    this.folder = folder;
    this.sparkJars = sparkJars;
    this.ours = List.copyOf(ours);
  }

  /** Where it is, or will be. */
  synchronized Path file() throws IOException {
    if (file.isEmpty()) {
      file = Optional.of(folder.resolve(PREFIX + fingerprint() + SUFFIX));
    }
    return file.get();
  }

  /** Whether there is one. */
  boolean exists() throws IOException {
    return Files.isReadable(file());
  }

  /** What a JVM is told so that it uses the archive. */
  static String use(Path archive) {
    return SparkProperties.quoted(OPTION + archive) + " " + QUIETLY;
  }

  /** What a JVM is told so that it writes its classes to a file when it ends. */
  static String write(Path file) {
    return SparkProperties.quoted("-XX:ArchiveClassesAtExit=" + file) + " " + QUIETLY;
  }

  /** A name for the file that a JVM writes, which {@link #publish} makes the archive. */
  Path part() throws IOException {
    Files.createDirectories(folder);
    return folder.resolve(PREFIX + UUID.randomUUID() + ".part");
  }

  /**
   * Makes what a JVM has written the archive.
   *
   * @param complete whether the JVM has ended in good order; else the file is removed
   */
  void publish(Path part, boolean complete) {
    try {
      if (complete && Files.isRegularFile(part)) {
        Files.move(part, file(), StandardCopyOption.ATOMIC_MOVE);
        removeOld();
        LOG.info("drivers start with the class archive {} from now on", file());
      } else {
        Files.deleteIfExists(part);
        LOG.warn("no class archive was written: drivers start without one");
      }
    } catch (IOException e) {
      LOG.warn("the class archive {} cannot be kept", part, e);
    }
  }

  private void removeOld() throws IOException {
    List<Path> archives;
    try (Stream<Path> files = Files.list(folder)) {
      archives =
          files
              .filter(file -> file.getFileName().toString().matches(PREFIX + ".*\\" + SUFFIX))
              .sorted(Comparator.comparingLong(ClassArchive::age))
              .toList();
    }
    for (Path old : archives.subList(Math.min(KEPT, archives.size()), archives.size())) {
      Files.deleteIfExists(old);
    }
  }

  private static long age(Path file) {
    return -file.toFile().lastModified();
  }

  /** Differs when a Java, a Spark or a bundle does. */
  private String fingerprint() throws IOException {
    StringBuilder all = new StringBuilder();
    all.append(System.getProperty("java.home")).append(System.getProperty("java.vm.version"));
    all.append(sparkJars);
    describe(sparkJars, all);
    for (Path jar : ours) {
      describe(jar, all);
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(all.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** A file by its name, size and time, a folder by its files. */
  private static void describe(Path jar, StringBuilder all) throws IOException {
    if (Files.isDirectory(jar)) {
      List<Path> files;
      try (Stream<Path> list = Files.list(jar)) {
        files = list.sorted().toList();
      }
      for (Path file : files) {
        describe(file, all);
      }
    } else if (Files.exists(jar)) {
      all.append('\n').append(jar.getFileName()).append(' ').append(Files.size(jar)).append(' ');
      all.append(Files.getLastModifiedTime(jar).toMillis());
    }
  }
}
