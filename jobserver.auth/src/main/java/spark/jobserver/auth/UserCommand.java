package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Adds, lists and removes the users of a data folder, whether or not a server runs on it: {@code
 * UserCommand FOLDER add NAME ROLE}, {@code FOLDER list}, {@code FOLDER remove NAME}. A password is
 * the first line of the standard input. {@code bin/jobserver user} calls it, as {@link
 * TokenCommand}.
 */
public final class UserCommand {
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final int SHORTEST = 8;

  /** No more than {@link BasicAuthenticator} reads. */
  private static final int LONGEST_BYTES = 1024;

  private final UserFile file;
  private final BufferedReader in;
  private final PrintStream out;
  private final PrintStream err;

  UserCommand(Path data, BufferedReader in, PrintStream out, PrintStream err) {
    this.file = new UserFile(data);
    this.in = in;
    this.out = out;
    this.err = err;
  }

  public static void main(String[] arguments) {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    System.exit(new UserCommand(Path.of(arguments[0]), in, System.out, System.err).run(rest));
  }

  /**
   * Does what the arguments say.
   *
   * @return what to exit with: 0 when it was done, 1 when it was not, 2 for what was wrong
   */
  int run(List<String> arguments) {
    try {
      return switch (arguments.get(0)) {
        case "add" -> add(arguments.get(1), arguments.get(2));
        case "remove" -> remove(arguments.get(1));
        default -> list();
      };
    } catch (IllegalArgumentException e) {
      err.println("jobserver: " + e.getMessage());
      return USAGE;
    } catch (IOException e) {
      err.println("jobserver: the users cannot be read or written: " + e);
      return FAILED;
    }
  }

  private int add(String name, String role) throws IOException {
    Holder.check(name, role);
    PasswordHash password = PasswordHash.of(password(), PasswordHash.ITERATIONS);
    file.add(new User(name, role, password, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    out.println("Added " + name);
    return 0;
  }

  private String password() throws IOException {
    String password = Optional.ofNullable(in.readLine()).orElse("");
    if (password.codePointCount(0, password.length()) < SHORTEST
        || password.getBytes(UTF_8).length > LONGEST_BYTES
        || password.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a password has at least %d characters and at most %d bytes, none of control"
              .formatted(SHORTEST, LONGEST_BYTES));
    }
    return password;
  }

  private int remove(String name) throws IOException {
    if (file.remove(name)) {
      out.println("Removed " + name);
      return 0;
    }
    err.println("jobserver: there is no user " + name);
    return FAILED;
  }

  private int list() throws IOException {
    if (file.version().isEmpty()) {
      return 0;
    }
    PrivateFile.Content<User> content = file.read();
    for (User user : content.read()) {
      out.printf("%s  %s  since %s%n", user.name(), user.role(), user.created());
    }
    content.broken().forEach(line -> err.println("jobserver: gives nobody access: " + line));
    return 0;
  }
}
