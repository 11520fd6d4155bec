package spark.jobserver.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import spark.jobserver.api.auth.Role;

/**
 * The tokens of a data folder, in {@code auth/tokens}: a line for each. {@link TokenCommand}
 * changes them.
 */
final class TokenFile implements Followed.Source<Token> {
  /** The name of the token that is made with the file. */
  private static final String FIRST = "local";

  private final PrivateFile file;

  TokenFile(Path data) {
    this.file = new PrivateFile(data, "tokens");
  }

  /** Where the text of the first token is. */
  Path localToken() {
    return file.beside("local-token");
  }

  @Override
  public Optional<PrivateFile.Version> version() {
    return file.version();
  }

  @Override
  public PrivateFile.Content<Token> read() throws IOException {
    return file.read(Token::of);
  }

  /**
   * Makes the file where there is none, with a first token of role admin, whose text goes into
   * {@link #localToken}.
   *
   * @return whether there was none
   */
  boolean make() throws IOException {
    return file.changing(this::makeUnderLock);
  }

  private boolean makeUnderLock() throws IOException {
    if (file.exists()) {
      return false;
    }
    String text = Token.newText();
    PrivateFile.write(localToken(), text + "\n");
    Token first =
        new Token(FIRST, Token.hash(text), Role.ADMIN.text(), Instant.now(), Optional.empty());
    file.add(first.line());
    return true;
  }

  /**
   * Adds a token.
   *
   * @throws IllegalArgumentException when one has this name, or the name or the role is none
   */
  void add(Token token) throws IOException {
    file.changing(
        () -> {
          makeUnderLock();
          if (read().read().stream().anyMatch(other -> other.name().equals(token.name()))) {
            throw new IllegalArgumentException(
                "There is a token %s already. Revoke it first, or choose another name."
                    .formatted(token.name()));
          }
          file.add(token.line());
          return true;
        });
  }

  /**
   * Takes a token away.
   *
   * @return whether there was one
   */
  boolean remove(String name) throws IOException {
    return file.changing(
        () -> {
          boolean removed = file.remove(name);
          if (removed && name.equals(FIRST)) {
            Files.deleteIfExists(localToken());
          }
          return removed;
        });
  }
}
