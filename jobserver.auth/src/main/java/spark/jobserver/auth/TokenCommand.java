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
public final class TokenCommand {
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final long MOST_DAYS = 36_500;

  private final TokenFile file;
  private final PrintStream out;
  private final PrintStream err;

  TokenCommand(Path data, PrintStream out, PrintStream err) {
    this.file = new TokenFile(data);
    this.out = out;
    this.err = err;
  }

  public static void main(String[] arguments) {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    System.exit(new TokenCommand(Path.of(arguments[0]), System.out, System.err).run(rest));
  }

  /**
   * Does what the arguments say.
   *
   * @return what to exit with: 0 when it was done, 1 when it was not, 2 for wrong arguments
   */
  int run(List<String> arguments) {
    try {
      return switch (arguments.get(0)) {
        case "make" -> make(arguments.get(1), arguments.get(2), arguments.get(3));
        case "revoke" -> revoke(arguments.get(1));
        default -> list();
      };
    } catch (IllegalArgumentException e) {
      err.println("jobserver: " + e.getMessage());
      return USAGE;
    } catch (IOException e) {
      err.println("jobserver: the tokens cannot be read or written: " + e);
      return FAILED;
    }
  }

  /**
   * Makes a token and prints it, which nobody can do again.
   *
   * @param days for how many it is valid; empty for as long as it is not revoked
   */
  private int make(String name, String role, String days) throws IOException {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    String text = Token.newText();
    Optional<Instant> expires =
        days.isEmpty() ? Optional.empty() : Optional.of(now.plus(duration(days)));
    file.add(new Token(name, Token.hash(text), role, now, expires));
    out.println(text);
    return 0;
  }

  private static Duration duration(String days) {
    if (!days.matches("\\d{1,6}") || Long.parseLong(days) < 1 || Long.parseLong(days) > MOST_DAYS) {
      throw new IllegalArgumentException(
          "--expires is a number of days from 1 to %d, not %s".formatted(MOST_DAYS, days));
    }
    return Duration.ofDays(Long.parseLong(days));
  }

  private int revoke(String name) throws IOException {
    if (file.remove(name)) {
      out.println("Revoked " + name);
      return 0;
    }
    err.println("jobserver: there is no token " + name);
    return FAILED;
  }

  private int list() throws IOException {
    if (file.version().isEmpty()) {
      return 0;
    }
    PrivateFile.Content<Token> content = file.read();
    Instant now = Instant.now();
    for (Token token : content.read()) {
      out.printf(
          "%s  %s  since %s  %s%n",
          token.name(),
          token.role(),
          token.created(),
          token
              .expires()
              .map(end -> (token.isValid(now) ? "until " : "expired ") + end)
              .orElse("does not expire"));
    }
    content.broken().forEach(line -> err.println("jobserver: gives nobody access: " + line));
    return 0;
  }
}
