package spark.jobserver.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.api.server.Plugins.Plugin;
import spark.jobserver.api.server.Plugins.Report;
import spark.jobserver.api.server.Plugins.Revision;

/** Commands on the plugins of the server. */
final class PluginCommands {
  /** How much of a digest is shown: as much as tells the revisions of a plugin apart. */
  private static final int SHOWN = 12;

  private final Current.Source<Plugins> plugins;

  PluginCommands(Current.Source<Plugins> plugins) {
    this.plugins = plugins;
  }

  List<Command> all() {
    return List.of(
        new Command(
            "plugin-list",
            "",
            "lists the plugins, and what is wrong with them",
            (arguments, out) -> list(out)),
        new Command(
            "plugin-check",
            "FILE",
            "says whether the server would take a bundle, and changes nothing",
            (arguments, out) -> check(file(arguments.get(0)), out)),
        new Command(
            "plugin-install",
            "FILE",
            "checks a bundle and installs it, or updates its plugin",
            (arguments, out) -> install(file(arguments.get(0)), out)),
        new Command(
            "plugin-update",
            "FILE",
            "checks a bundle and updates its plugin, which has to be there",
            (arguments, out) -> update(file(arguments.get(0)), out)),
        new Command(
            "plugin-rollback",
            "NAME",
            "goes back to the previous revision of a plugin",
            (arguments, out) -> rollBack(arguments.get(0), out)),
        new Command(
            "plugin-remove",
            "NAME",
            "removes a plugin; contexts that were made with it go on",
            (arguments, out) -> remove(arguments.get(0), out)));
  }

  private void list(PrintStream out) throws CommandFailed {
    List<Plugin> found = plugins.get().list();
    if (found.isEmpty()) {
      out.println("There are no plugins.");
      return;
    }
    Table table = new Table("NAME", "STATE", "SINCE", "VERSION", "DIGEST", "PREVIOUS", "FILE");
    for (Plugin plugin : found) {
      table.add(
          plugin.name(),
          plugin.state() + (plugin.rolledBack() ? " (rolled back)" : ""),
          Table.time(plugin.since()),
          plugin.running().map(Revision::version).orElse(""),
          plugin.running().map(PluginCommands::digest).orElse(""),
          plugin.previous().map(PluginCommands::shown).orElse(""),
          plugin.file());
    }
    table.print(out);
    for (Plugin plugin : found) {
      tell(plugin.name(), plugin.problems(), out);
    }
  }

  private void check(Path file, PrintStream out) throws CommandFailed {
    Plugins current = plugins.get();
    Report report = read(file, current::check);
    String name = report.name().isEmpty() ? file.getFileName().toString() : report.name();
    out.println(name + " " + shown(report.revision()));
    tell("It brings", report.brings(), out);
    if (!report.problems().isEmpty()) {
      throw new CommandFailed(
          "The server would not take it:\n  " + String.join("\n  ", report.problems()));
    }
    out.println("The server would take it.");
  }

  private void install(Path file, PrintStream out) throws CommandFailed {
    Plugins current = plugins.get();
    Map<String, Plugin> before =
        current.list().stream().collect(Collectors.toMap(Plugin::name, Function.identity()));
    Plugin installed = read(file, jar -> current.install("", jar));
    Plugin earlier = before.get(installed.name());
    if (earlier == null) {
      out.println("Installed " + shown(installed));
      tell("It brings", installed.brings(), out);
    } else {
      tellOfChange("Updated", earlier, installed, out);
    }
  }

  private void update(Path file, PrintStream out) throws CommandFailed {
    Plugins current = plugins.get();
    String name = BundleFile.symbolicName(file);
    Plugin earlier =
        current
            .find(name)
            .orElseThrow(
                () ->
                    new CommandFailed(
                        "The plugin %s of %s is not installed: plugin-install does that."
                            .formatted(name, file)));
    Plugin updated = read(file, jar -> current.install(name, jar));
    tellOfChange("Updated", earlier, updated, out);
  }

  private void rollBack(String name, PrintStream out) throws CommandFailed {
    Plugins current = plugins.get();
    Plugin earlier = current.find(name).orElseThrow(() -> noSuch(name));
    tellOfChange("Rolled back", earlier, current.rollBack(name), out);
  }

  private void remove(String name, PrintStream out) throws CommandFailed {
    plugins.get().remove(name);
    out.println("Removed " + name);
  }

  private static CommandFailed noSuch(String name) {
    return new CommandFailed(
        "There is no plugin %s: plugin-list lists those that there are.".formatted(name));
  }

  private static void tellOfChange(String what, Plugin earlier, Plugin now, PrintStream out) {
    String from = earlier.running().map(PluginCommands::shown).orElse("none that ran");
    String to = now.running().map(PluginCommands::shown).orElse("none that runs");
    if (from.equals(to)) {
      out.println("Nothing has changed: %s is at %s already".formatted(now.name(), to));
    } else {
      out.println("%s %s from %s to %s".formatted(what, now.name(), from, to));
      tell("It brings", now.brings(), out);
    }
  }

  private static void tell(String head, List<String> lines, PrintStream out) {
    if (!lines.isEmpty()) {
      out.println(head + ":");
      lines.forEach(line -> out.println("  " + line));
    }
  }

  private static String shown(Plugin plugin) {
    return (plugin.name() + " " + plugin.running().map(PluginCommands::shown).orElse("")).strip();
  }

  private static String shown(Revision revision) {
    return (revision.version() + " (" + digest(revision) + ")").strip();
  }

  private static String digest(Revision revision) {
    return revision.digest().substring(0, Math.min(SHOWN, revision.digest().length()));
  }

  /** A file that a command is given. */
  private static Path file(String text) throws CommandFailed {
    Path file;
    try {
      file = Path.of(text);
    } catch (InvalidPathException e) {
      throw new CommandFailed("\"%s\" is no path of a file.".formatted(text), e);
    }
    if (!file.isAbsolute()) {
      throw new CommandFailed(
          "Give FILE from the root, for the server has another working folder: %s is not."
              .formatted(text));
    }
    if (!Files.isRegularFile(file)) {
      throw new CommandFailed("There is no file %s.".formatted(text));
    }
    return file;
  }

  /** Does something with the bytes of a file. */
  private interface Use<T> {
    T of(InputStream jar) throws IOException;
  }

  private static <T> T read(Path file, Use<T> use) throws CommandFailed {
    try (InputStream jar = Files.newInputStream(file)) {
      return use.of(jar);
    } catch (IOException e) {
      throw new CommandFailed("%s cannot be read: %s".formatted(file, e), e);
    }
  }
}
