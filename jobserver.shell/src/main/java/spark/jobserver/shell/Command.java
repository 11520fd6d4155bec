package spark.jobserver.shell;

import java.io.PrintStream;
import java.util.List;

/**
 * A command of the shell.
 *
 * @param name what it is called
 * @param arguments what it takes, as it is shown to people; empty where it takes nothing
 * @param purpose what it does, in a line
 * @param action does it
 */
record Command(String name, String arguments, String purpose, Action action) {
  /** What a command does. */
  @FunctionalInterface
  interface Action {
    /**
     * Does it, and returns when that is done.
     *
     * @param arguments what was given
     * @param out for people
     * @throws CommandFailed with the reason
     * @throws spark.jobserver.api.server.JobserverException with the reason
     */
    void run(List<String> arguments, PrintStream out) throws CommandFailed;
  }

  /** Does it, when it is given as many arguments as it takes. */
  void run(List<String> given, PrintStream out) throws CommandFailed {
    List<String> taken = arguments.isEmpty() ? List.of() : List.of(arguments.split(" ", -1));
    long needed = taken.stream().filter(argument -> !argument.startsWith("[")).count();
    if (given.size() < needed || given.size() > taken.size()) {
      throw new CommandFailed("Usage: " + usage());
    }
    action.run(given, out);
  }

  /** Its name and what it takes. */
  String usage() {
    return (name + " " + arguments).strip();
  }
}
