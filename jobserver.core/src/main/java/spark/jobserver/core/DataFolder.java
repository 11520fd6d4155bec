package spark.jobserver.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;

/**
 * Where things lie in the server's data folder.
 *
 * @param path the folder
 */
public record DataFolder(Path path) {
  /** The file, in a context's folder, that tells its driver where and how to enrol. */
  public static final String ENROLMENT = "enrolment.json";

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  /** The framework property that names the folder. */
  public static final String PROPERTY = "jobserver.data";

  /** The folder that the framework was started with. */
  public static DataFolder of(BundleContext bundle) {
    String data = bundle.getProperty(PROPERTY);
    if (data == null) {
      throw new IllegalStateException("the framework property " + PROPERTY + " is not set");
    }
    return new DataFolder(Path.of(data).toAbsolutePath());
  }

  /** For what is on its way in. */
  public Path spool() throws IOException {
    return Files.createDirectories(path.resolve("spool"));
  }

  /** The bundles that contexts were made with, by digest. */
  public Path bundles() throws IOException {
    return Files.createDirectories(path.resolve("bundles"));
  }

  /** The file that tells drivers where the link is. */
  public Path linkUrl() {
    return path.resolve("link-url");
  }

  /** The folder of the certificate that the server has made for the link, and its key. */
  public Path linkTls() {
    return path.resolve("link-tls");
  }

  /** The file that says which store has the server's data. */
  public Path store() {
    return path.resolve("store");
  }

  /** By whose presence {@code stop --keep-contexts} asks to leave the drivers running. */
  public Path keepContexts() {
    return path.resolve("keep-contexts");
  }

  /** The folder of a context's driver. Ids are UUIDs that the server has made. */
  public Path context(String id) {
    return path.resolve("contexts").resolve(id);
  }

  /**
   * Makes the folder of a context, which only the server's user can look into, unless it is there.
   */
  public Path newContext(String id) throws IOException {
    Files.createDirectories(path.resolve("contexts"));
    return Files.createDirectories(context(id), OWNER_ONLY);
  }

  /** The ids of the contexts in whose folders there is a file of this name. */
  public List<String> contextsWith(String file) throws IOException {
    Path contexts = path.resolve("contexts");
    if (!Files.isDirectory(contexts)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(contexts)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve(file)))
          .map(folder -> folder.getFileName().toString())
          .toList();
    }
  }

  /** Where a job's output is, which its driver writes. */
  public Path jobLog(String contextId, String jobId) {
    return context(contextId).resolve("log").resolve("jobs").resolve(jobId + ".log");
  }

  /** What callers have uploaded for jobs to read. */
  public Path files() throws IOException {
    return Files.createDirectories(path.resolve("files"));
  }

  /**
   * Removes what a driver has left in its folder, but for its logs.
   *
   * @throws IOException when something cannot be removed; the rest is removed all the same
   */
  public void clearContext(String id) throws IOException {
    Path folder = context(id);
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> list = Files.list(folder)) {
      entries = list.filter(entry -> !entry.getFileName().toString().equals("log")).toList();
    }
    delete(entries);
  }

  /**
   * Removes all that is left of a context, its logs too.
   *
   * @throws IOException as {@link #clearContext}
   */
  public void removeContext(String id) throws IOException {
    if (Files.isDirectory(context(id))) {
      delete(List.of(context(id)));
    }
  }

  private static void delete(List<Path> entries) throws IOException {
    IOException failure = null;
    for (Path entry : entries) {
      try {
        delete(entry);
      } catch (IOException e) {
        failure = e;
      } catch (UncheckedIOException e) { // from the walk: a folder that cannot be read
        failure = e.getCause();
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
