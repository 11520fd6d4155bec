package spark.jobserver.auth;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Makes, lists and revokes the tokens of a data folder, whether or not a server runs on it: {@code
 * TokenCommand FOLDER make NAME ROLE DAYS}, {@code FOLDER list}, {@code FOLDER revoke NAME}. {@code
 * bin/jobserver token} calls it, without a framework and with the class path of this bundle and the
 * API's alone.
 */
public final class TokenCommand extends CredentialCommand {
  private static final long MOST_DAYS = 36_500;

  private final TokenFile file;

  TokenCommand(Path data, PrintStream out, PrintStream err) {
    super("token", out, err);
    this.file = new TokenFile(data);
  }

  public static void main(String[] arguments) {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    System.exit(new TokenCommand(Path.of(arguments[0]), System.out, System.err).run(rest));
  }

  @Override
  boolean carryOut(String what, List<String> arguments) throws IOException {
    return switch (what) {
      case "make" -> make(arguments.get(0), arguments.get(1), arguments.get(2));
      case "revoke" -> removed(file.remove(arguments.get(0)), "Revoked", arguments.get(0));
      default -> list();
    };
  }

  /**
   * Makes a token and prints it, which nobody can do again.
   *
   * @param days for how many it is valid; empty for as long as it is not revoked
   */
  private boolean make(String name, String role, String days) throws IOException {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    String text = Token.newText();
    Optional<Instant> expires =
        days.isEmpty() ? Optional.empty() : Optional.of(now.plus(duration(days)));
    file.add(new Token(name, Token.hash(text), role, now, expires));
    out.println(text);
    return true;
  }

  private static Duration duration(String days) {
    if (!days.matches("\\d{1,6}") || Long.parseLong(days) < 1 || Long.parseLong(days) > MOST_DAYS) {
      throw new IllegalArgumentException(
          "--expires is a number of days from 1 to %d, not %s".formatted(MOST_DAYS, days));
    }
    return Duration.ofDays(Long.parseLong(days));
  }

  private boolean list() throws IOException {
    Instant now = Instant.now();
    return list(
        file,
        token ->
            "%s  %s  since %s  %s"
                .formatted(
                    token.name(),
                    token.role(),
                    token.created(),
                    token
                        .expires()
                        .map(end -> (token.isValid(now) ? "until " : "expired ") + end)
                        .orElse("does not expire")));
  }
}
