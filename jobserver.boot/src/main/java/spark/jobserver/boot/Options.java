package spark.jobserver.boot;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the command line of the server says.
 *
 * @param home the distribution
 * @param conf the configuration file; empty when none was named and the distribution has none
 * @param data the data folder
 * @param port the port, when one was named
 * @param safeMode whether the server is to start without plugins
 */
record Options(Path home, Optional<Path> conf, Path data, OptionalInt port, boolean safeMode) {
  static final String USAGE =
      "Usage: ServerMain --home FOLDER --data FOLDER [--conf FILE] [--port NUMBER]"
          + " [--safe-mode]";

  /**
   * Reads the command line.
   *
   * @throws CannotStart when it is wrong, or a file that it names is not there
   */
  static Options parse(String... args) throws CannotStart {
    Optional<Path> home = Optional.empty();
    Optional<Path> conf = Optional.empty();
    Optional<Path> data = Optional.empty();
    OptionalInt port = OptionalInt.empty();
    boolean safeMode = false;
    Iterator<String> words = List.of(args).iterator();
    while (words.hasNext()) {
      String name = words.next();
      if (name.equals("--safe-mode")) {
        safeMode = true;
        continue;
      }
      String value = words.hasNext() ? words.next() : "";
      switch (name) {
        case "--home" -> home = Optional.of(path(name, value));
        case "--conf" -> conf = Optional.of(path(name, value));
        case "--data" -> data = Optional.of(path(name, value));
        case "--port" -> port = OptionalInt.of(port(value));
        default -> throw usage("Unknown option: " + name + ".");
      }
    }
    Path distribution = home.orElseThrow(() -> usage("--home is missing."));
    return new Options(
        distribution,
        conf.or(
            () -> Optional.of(distribution.resolve("conf/jobserver.conf")).filter(Files::exists)),
        data.orElseThrow(() -> usage("--data is missing.")),
        port,
        safeMode);
  }

  /** The bundles of the server itself. */
  Path bundles() {
    return home.resolve("bundles/server");
  }

  private static Path path(String option, String value) throws CannotStart {
    if (value.isBlank()) {
      throw usage(option + " needs a value.");
    }
    try {
      return Path.of(value).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw usage("%s: %s".formatted(option, e.getMessage()));
    }
  }

  private static int port(String value) throws CannotStart {
    try {
      int port = Integer.parseInt(value);
      if (port >= 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw usage("--port needs a number from 0 to 65535, not \"" + value + "\".");
  }

  private static CannotStart usage(String problem) {
    return new CannotStart(ExitCode.USAGE, problem + "\n" + USAGE);
  }
}
