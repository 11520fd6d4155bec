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
public final class UserCommand extends CredentialCommand {
  private static final int SHORTEST = 8;

  /** No more than {@link BasicAuthenticator} reads. */
  private static final int LONGEST_BYTES = 1024;

  private final UserFile file;
  private final BufferedReader in;

  UserCommand(Path data, BufferedReader in, PrintStream out, PrintStream err) {
    super("user", out, err);
    this.file = new UserFile(data);
    this.in = in;
  }

  public static void main(String[] arguments) {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    System.exit(new UserCommand(Path.of(arguments[0]), in, System.out, System.err).run(rest));
  }

  @Override
  boolean carryOut(String what, List<String> arguments) throws IOException {
    return switch (what) {
      case "add" -> add(arguments.get(0), arguments.get(1));
      case "remove" -> removed(file.remove(arguments.get(0)), "Removed", arguments.get(0));
      default -> list(file, user -> user.name() + "  " + user.role() + "  since " + user.created());
    };
  }

  private boolean add(String name, String role) throws IOException {
    Holder.check(name, role);
    PasswordHash password = PasswordHash.of(password(), PasswordHash.ITERATIONS);
    file.add(new User(name, role, password, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    out.println("Added " + name);
    return true;
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
}
