package spark.jobserver.auth;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Function;

/**
 * Changes or lists one kind of credentials of a data folder, whether or not a server runs on it. It
 * is started without a framework, with the class path of this bundle and the API's alone.
 */
abstract class CredentialCommand {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private final String one;

  /** For what was asked for. */
  protected final PrintStream out;

  private final PrintStream err;

  /**
   * A command.
   *
   * @param one what a credential is called; more of them with an s
   */
  CredentialCommand(String one, PrintStream out, PrintStream err) {
    this.one = one;
    this.out = out;
    this.err = err;
  }

  /**
   * Does what the arguments say.
   *
   * @return what to exit with: 0 when it was done, 1 when it was not, 2 for what was wrong
   */
  final int run(List<String> arguments) {
    try {
      return carryOut(arguments.get(0), arguments.subList(1, arguments.size())) ? 0 : FAILED;
    } catch (IllegalArgumentException e) {
      err.println("jobserver: " + e.getMessage());
      return USAGE;
    } catch (IOException e) {
      err.println("jobserver: the " + one + "s cannot be read or written: " + e);
      return FAILED;
    }
  }

  /**
   * Does one thing.
   *
   * @param what the first argument
   * @return whether it could be done
   * @throws IllegalArgumentException saying what is wrong with what was given
   */
  abstract boolean carryOut(String what, List<String> arguments) throws IOException;

  /**
   * Tells that one was taken away.
   *
   * @param done whether there was one of this name
   * @param verb what was done to it
   */
  final boolean removed(boolean done, String verb, String name) {
    if (done) {
      out.println(verb + " " + name);
    } else {
      err.println("jobserver: there is no " + one + " " + name);
    }
    return done;
  }

  /** Lists all there are; those that cannot be understood among the errors. */
  final <T> boolean list(Followed.Source<T> file, Function<T, String> line) throws IOException {
    if (file.version().isPresent()) {
      PrivateFile.Content<T> content = file.read();
      content.read().forEach(credential -> out.println(line.apply(credential)));
      content.broken().forEach(text -> err.println("jobserver: gives nobody access: " + text));
    }
    return true;
  }
}
