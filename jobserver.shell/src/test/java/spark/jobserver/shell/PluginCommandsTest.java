package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins;

class PluginCommandsTest {
  private static final Instant SINCE = Instant.parse("2026-11-30T10:00:00Z");

  @TempDir Path folder;
  private final Folder plugins = new Folder();
  private Path first;
  private Path second;

  /** The plugins of a server that takes all bundles but those of version 9. */
  private static final class Folder implements Plugins {
    final Map<String, Plugin> installed = new TreeMap<>();
    final List<String> wanted = new ArrayList<>();

    @Override
    public List<Plugin> list() {
      return List.copyOf(installed.values());
    }

    @Override
    public Optional<Plugin> find(String name) {
      return Optional.ofNullable(installed.get(name));
    }

    @Override
    public Report check(InputStream jar) throws IOException {
      Attributes manifest = new JarInputStream(jar).getManifest().getMainAttributes();
      String version = manifest.getValue("Bundle-Version");
      return new Report(
          manifest.getValue("Bundle-SymbolicName").replaceAll(";.*", ""),
          new Revision(version, version.charAt(0) + "f".repeat(63)),
          List.of("ContextFactory a.Factory"),
          version.startsWith("9") ? List.of("It imports c, which nothing has.") : List.of());
    }

    @Override
    public Plugin install(String name, InputStream jar) throws IOException {
      wanted.add(name);
      Report report = check(jar);
      if (!report.problems().isEmpty()) {
        throw new JobserverException(ErrorCode.PLUGIN_REFUSED, report.problems().get(0));
      }
      Optional<Revision> before = find(report.name()).flatMap(Plugin::running);
      return put(report.name(), Optional.of(report.revision()), before, false, report.brings());
    }

    private Plugin put(
        String name,
        Optional<Revision> running,
        Optional<Revision> previous,
        boolean rolledBack,
        List<String> brings) {
      List<String> problems = running.isPresent() ? List.of() : List.of("It does not start.");
      State state = running.isPresent() ? State.ACTIVE : State.FAILED;
      Plugin plugin =
          new Plugin(
              name, name + ".jar", state, running, previous, rolledBack, brings, problems, SINCE);
      installed.put(name, plugin);
      return plugin;
    }

    @Override
    public Plugin rollBack(String name) {
      Plugin now = installed.get(name);
      if (now.previous().isEmpty()) {
        throw new JobserverException(ErrorCode.PLUGIN_REFUSED, "There is nothing before.");
      }
      return put(
          name, /* running= */ now.previous(), /* previous= */ now.running(), true, now.brings());
    }

    @Override
    public void remove(String name) {
      if (installed.remove(name) == null) {
        throw new JobserverException(ErrorCode.PLUGIN_NOT_FOUND, "There is no plugin " + name);
      }
    }
  }

  @BeforeEach
  void makeBundles() throws IOException {
    first = bundle("a.jar", "org.a;singleton:=true", "1.0.0");
    second = bundle("b c.jar", "org.a", "2.0.0");
  }

  private Path bundle(String file, String name, String version) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (!name.isEmpty()) {
      manifest.getMainAttributes().putValue("Bundle-SymbolicName", name);
    }
    manifest.getMainAttributes().putValue("Bundle-Version", version);
    Path path = folder.resolve(file);
    try (OutputStream out = Files.newOutputStream(path);
        JarOutputStream jar = new JarOutputStream(out, manifest)) {
      jar.flush();
    }
    return path;
  }

  private String run(String name, Object... arguments) throws CommandFailed {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    new PluginCommands(() -> plugins)
        .all().stream()
            .filter(command -> command.name().equals(name))
            .findFirst()
            .orElseThrow()
            .run(
                List.of(arguments).stream().map(String::valueOf).toList(),
                new PrintStream(printed, true, StandardCharsets.UTF_8));
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void installsAndSaysWhatCame() throws CommandFailed {
    assertThat(run("plugin-install", first))
        .isEqualTo(
            """
            Installed org.a 1.0.0 (1fffffffffff)
            It brings:
              ContextFactory a.Factory
            """);
    assertThat(plugins.wanted).containsExactly("");
  }

  @Test
  void installingAgainSaysWhatHasChanged() throws CommandFailed {
    run("plugin-install", first);
    assertThat(run("plugin-install", second))
        .startsWith("Updated org.a from 1.0.0 (1fffffffffff) to 2.0.0 (2fffffffffff)\n");
    assertThat(run("plugin-install", second))
        .isEqualTo("Nothing has changed: org.a is at 2.0.0 (2fffffffffff) already\n");
  }

  @Test
  void updatesOnlyWhatIsThere() throws CommandFailed {
    assertThatThrownBy(() -> run("plugin-update", first))
        .hasMessageStartingWith("The plugin org.a of " + first + " is not installed:");
    assertThat(plugins.installed).isEmpty();
    run("plugin-install", first);
    assertThat(run("plugin-update", second)).startsWith("Updated org.a from 1.0.0");
    assertThat(plugins.wanted).containsExactly("", "org.a");
  }

  @Test
  void rollsBackAndRemoves() throws CommandFailed {
    assertThatThrownBy(() -> run("plugin-rollback", "org.a"))
        .hasMessageStartingWith("There is no plugin org.a");
    run("plugin-install", first);
    assertThatThrownBy(() -> run("plugin-rollback", "org.a"))
        .hasMessage("There is nothing before.");
    run("plugin-install", second);
    assertThat(run("plugin-rollback", "org.a"))
        .startsWith("Rolled back org.a from 2.0.0 (2fffffffffff) to 1.0.0 (1fffffffffff)\n");
    assertThat(run("plugin-list")).contains("ACTIVE (rolled back)");
    assertThat(run("plugin-remove", "org.a")).isEqualTo("Removed org.a\n");
    assertThat(plugins.installed).isEmpty();
    assertThatThrownBy(() -> run("plugin-remove", "org.a")).hasMessageContaining("no plugin org.a");
  }

  @Test
  void listsWithWhatIsWrong() throws CommandFailed {
    assertThat(run("plugin-list")).isEqualTo("There are no plugins.\n");
    run("plugin-install", first);
    plugins.put("org.b", Optional.empty(), Optional.empty(), false, List.of());
    String time = Table.time(SINCE);
    assertThat(run("plugin-list").lines())
        .containsExactly(
            "NAME   STATE   SINCE                VERSION  DIGEST        PREVIOUS  FILE",
            "org.a  ACTIVE  %s  1.0.0    1fffffffffff  -         org.a.jar".formatted(time),
            "org.b  FAILED  %s  -        -             -         org.b.jar".formatted(time),
            "org.b:",
            "  It does not start.");
  }

  @Test
  void checksAndChangesNothing() throws IOException, CommandFailed {
    assertThat(run("plugin-check", first))
        .isEqualTo(
            """
            org.a 1.0.0 (1fffffffffff)
            It brings:
              ContextFactory a.Factory
            The server would take it.
            """);
    Path bad = bundle("bad.jar", "org.bad", "9.0.0");
    assertThatThrownBy(() -> run("plugin-check", bad))
        .hasMessage("The server would not take it:\n  It imports c, which nothing has.");
    assertThatThrownBy(() -> run("plugin-install", bad))
        .hasMessage("It imports c, which nothing has.");
    assertThat(plugins.installed).isEmpty();
  }

  @Test
  void whatIsNoFileOrNoBundleIsSaid() throws IOException {
    assertThatThrownBy(() -> run("plugin-install", "a.jar"))
        .hasMessageContaining("the server has another working folder: a.jar is not");
    assertThatThrownBy(() -> run("plugin-check", folder.resolve("none")))
        .hasMessageStartingWith("There is no file ");
    assertThatThrownBy(() -> run("plugin-install")).hasMessage("Usage: plugin-install FILE");
    Path nameless = bundle("nameless.jar", "", "1.0.0");
    assertThatThrownBy(() -> run("plugin-update", nameless))
        .hasMessageContaining("no bundle: its manifest has no Bundle-SymbolicName");
    Path text = Files.writeString(folder.resolve("text.jar"), "text");
    assertThatThrownBy(() -> run("plugin-update", text)).hasMessageContaining("is no bundle");
  }

  @Test
  void withoutTheServiceThatIsSaid() {
    Command list =
        new PluginCommands(
                () -> {
                  throw new CommandFailed("There are none now.");
                })
            .all()
            .get(0);
    assertThatThrownBy(() -> list.run(List.of(), System.out)).hasMessage("There are none now.");
  }
}
