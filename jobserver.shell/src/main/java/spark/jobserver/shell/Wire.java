package spark.jobserver.shell;

import java.nio.file.Path;
import java.util.UUID;

/** What client and server say to each other, and where they meet. */
final class Wire {
  static final String READY = "ready";
  static final String REFUSED = "refused";
  static final String OK = "ok";
  static final String FAILED = "failed";
  static final String BYE = "bye";

  /** Before a line of output. */
  static final char OUT = ' ';

  /** Before a line of errors. */
  static final char ERROR = '!';

  /** How many bytes a line may have. */
  static final int LONGEST_LINE = 64 * 1024;

  /** How many bytes the path of a socket may have, so that every JDK takes it. */
  static final int LONGEST_PATH = 104;

  private static final String FOLDER = "run";
  private static final String SOCKET = "shell.sock";

  /** What the names of clients' sockets begin with. */
  private static final String CLIENT = "client-";

  /** What stands behind that; a name counts only once. */
  private static final int RANDOM = 18;

  /** The clients' sockets, as a glob. */
  static final String CLIENTS = CLIENT + "*";

  private Wire() {}

  /**
   * The folder of the sockets, as short as it can be said: relative to the working folder where it
   * is below that, for paths of sockets may not be long.
   */
  static Path folder(Path data) {
    Path folder = data.toAbsolutePath().normalize().resolve(FOLDER);
    Path here = Path.of("").toAbsolutePath().normalize();
    return folder.startsWith(here) ? here.relativize(folder) : folder;
  }

  /** A socket of a client's in the folder, with a name of its own. */
  static Path clientSocket(Path folder) {
    return folder.resolve(CLIENT + UUID.randomUUID().toString().substring(0, RANDOM));
  }

  /** The server's socket in the folder. */
  static Path socket(Path folder) {
    return folder.resolve(SOCKET);
  }
}
