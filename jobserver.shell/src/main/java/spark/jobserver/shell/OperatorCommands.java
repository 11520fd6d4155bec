package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.Function;
import org.apache.felix.service.command.Process;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import spark.jobserver.api.server.ContextFactories;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.Plugins;

/**
 * Publishes the commands of the server for Gogo. Each is a service of its own: Gogo finds the
 * command of a name with a hyphen in no other way. They stay while what they are about comes and
 * goes, and say so.
 */
@Component(
    immediate = true,
    service = {})
public final class OperatorCommands {
  /** What their full names begin with, before a colon. */
  static final String SCOPE = "jobserver";

  private final List<AutoCloseable> used = new ArrayList<>();
  private final List<ServiceRegistration<Function>> registrations = new ArrayList<>();

  /** Publishes them. */
  @Activate
  public OperatorCommands(BundleContext context) {
    List<Command> commands = new ArrayList<>();
    commands.addAll(
        new PluginCommands(
                current(
                    context,
                    Plugins.class,
                    "Plugins cannot be managed now: the server's bundle for that does not run."))
            .all());
    String absent = "The server has no store for now, or has not started yet: try again.";
    commands.addAll(
        new ListingCommands(
                current(context, ContextFactories.class, absent),
                current(context, Contexts.class, absent),
                current(context, Jobs.class, absent),
                Clock.systemUTC())
            .all());
    commands.add(help(List.copyOf(commands)));
    for (Command command : commands) {
      registrations.add(
          context.registerService(
              Function.class,
              function(command),
              FrameworkUtil.asDictionary(
                  Map.of("osgi.command.scope", SCOPE, "osgi.command.function", command.name()))));
    }
  }

  private <T> Current.Source<T> current(BundleContext context, Class<T> type, String absent) {
    Current<T> current = new Current<>(context, type, absent);
    used.add(current);
    return current::get;
  }

  /** A command as Gogo calls it. */
  static Function function(Command command) {
    return (session, arguments) -> {
      // Not the session's console, for a pipe or a file may be in its place; and UTF-8 in any case.
      PrintStream out = new PrintStream(Process.Utils.current().out(), true, UTF_8);
      try {
        command.run(arguments.stream().map(String::valueOf).toList(), out);
      } catch (Error e) {
        // Gogo waits for ever for a command that ends by an error.
        throw new IllegalStateException(e);
      } finally {
        out.flush();
      }
      return null;
    };
  }

  /** The command that lists the others. */
  static Command help(List<Command> others) {
    return new Command(
        "help",
        "",
        "lists these commands; felix:help those of the framework",
        (arguments, out) -> list(others, out));
  }

  private static void list(List<Command> others, PrintStream out) {
    Table table = new Table("COMMAND", "WHAT IT DOES");
    others.stream()
        .sorted(Comparator.comparing(Command::name))
        .forEach(command -> table.add(command.usage(), command.purpose()));
    table.print(out);
    out.println();
    out.println("felix:help lists the commands of the framework, such as lb.");
  }

  @Deactivate
  void close() throws Exception {
    registrations.forEach(ServiceRegistration::unregister);
    for (AutoCloseable each : used) {
      each.close();
    }
  }
}
