package spark.jobserver.plugins;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The jars in a folder, as looks at it find them. A file that is being written changes from look to
 * look; it has settled when two looks in a row find the same. Hidden files are not looked at. For
 * one thread.
 */
final class FolderLook {
  private final Path folder;
  private Map<String, Stamp> last = Map.of();

  FolderLook(Path folder) {
    this.folder = folder;
  }

  /** By what a change of a file is known without reading it. */
  record Stamp(long size, FileTime time, String key) {}

  /**
   * What a look has found.
   *
   * @param stamp the file's state
   * @param settled whether the look before has found the same
   */
  record Found(Stamp stamp, boolean settled) {}

  /**
   * Looks once more.
   *
   * @return what is there, by the names of the files; nothing when there is no folder
   * @throws IOException when the folder cannot be read
   */
  Map<String, Found> look() throws IOException {
    Map<String, Stamp> now = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "[!.]*.jar")) {
      for (Path file : files) {
        put(now, file);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      now.clear();
    }
    Map<String, Found> found = new HashMap<>();
    now.forEach((name, stamp) -> found.put(name, new Found(stamp, stamp.equals(last.get(name)))));
    last = now;
    return found;
  }

  private static void put(Map<String, Stamp> now, Path file) throws IOException {
    try {
      BasicFileAttributes about = Files.readAttributes(file, BasicFileAttributes.class);
      if (about.isRegularFile()) {
        now.put(
            file.getFileName().toString(),
            new Stamp(about.size(), about.lastModifiedTime(), Objects.toString(about.fileKey())));
      }
    } catch (NoSuchFileException e) {
      // It went while the folder was read, or is a link to nowhere.
    }
  }
}
