package spark.jobserver.python.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the files of a context's Python processes lie, within the context's own folder. */
record ContextFolder(Path root) {
  private static final Logger logger = LoggerFactory.getLogger(ContextFolder.class);

  ContextFolder {
    root = root.toAbsolutePath().normalize();
  }

  /** What bundles carry, unpacked. */
  Path python() {
    return root.resolve("python");
  }

  /** The packed environment of the context, if it has one. */
  Path environment() {
    return root.resolve("environment");
  }

  /** The files that Spark brings to executors. */
  Path shipped() {
    return root.resolve("shipped");
  }

  /** The jars that the factory's bundle has for executors. */
  Path jars() {
    return root.resolve("jars");
  }

  /** The binaries that workers import from. */
  Path unpacked() {
    return root.resolve("unpacked");
  }

  /** Results that are too large for memory. */
  Path results() {
    return root.resolve("results");
  }

  /** What the zygote, and workers without a job, print. */
  Path log() throws IOException {
    return Files.createDirectories(root.resolve("log")).resolve("python.log");
  }

  /** Removes all that is of no use to a context that is over; results may still be read. */
  void clear() {
    for (Path folder : new Path[] {python(), environment(), shipped(), jars(), unpacked()}) {
      try {
        TemporaryFolders.delete(folder);
      } catch (IOException e) {
        logger.warn("{} cannot be removed", folder, e);
      }
    }
  }
}
