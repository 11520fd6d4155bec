package spark.jobserver.api.server;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The bundles that an operator adds to a running server: what lies in its folder for plugins.
 *
 * <p>A plugin is called by its bundle's symbolic name; a file whose bundle has none, or one that
 * another file has already, by the name of the file. Each is checked in a JVM of its own before the
 * server takes it; what fails is told and changes nothing.
 */
@ProviderType
public interface Plugins {
  /** Where a plugin is in its life. */
  enum State {
    /** It is new or has changed, and is being looked at; what ran before runs. */
    CHECKING,
    /** It runs. */
    ACTIVE,
    /** It does not run; its problems say why. */
    FAILED,
    /** The server was started without plugins. */
    OFF
  }

  /**
   * One state of a bundle.
   *
   * @param version the bundle's version
   * @param digest SHA-256 of its bytes, in hexadecimal
   */
  record Revision(String version, String digest) {}

  /**
   * A plugin.
   *
   * @param name its bundle's symbolic name, or the name of its file
   * @param file the name of its file in the folder
   * @param state where it is in its life
   * @param running the revision that runs
   * @param previous the revision that {@link #rollBack} goes to
   * @param rolledBack whether the revision that runs was chosen by {@link #rollBack}, and is not
   *     the file's
   * @param brings what it adds to the server, a line each: {@code ContextFactory
   *     org.example.Factory}
   * @param problems why the file is not what runs, or nothing does; a line each, in words for the
   *     operator
   * @param since since when this is so
   */
  record Plugin(
      String name,
      String file,
      State state,
      Optional<Revision> running,
      Optional<Revision> previous,
      boolean rolledBack,
      List<String> brings,
      List<String> problems,
      Instant since) {
    public Plugin {
      brings = List.copyOf(brings);
      problems = List.copyOf(problems);
    }
  }

  /**
   * What the check of a bundle has found.
   *
   * @param name the symbolic name; empty when it could not be read
   * @param revision its version, empty when it could not be read, and digest
   * @param brings what it would add to the server, as in {@link Plugin#brings}
   * @param problems why the server would not take it; none when it would
   */
  record Report(String name, Revision revision, List<String> brings, List<String> problems) {
    public Report {
      brings = List.copyOf(brings);
      problems = List.copyOf(problems);
    }
  }

  /** The plugins, ordered by name. Looks at no file. */
  List<Plugin> list();

  /** A plugin. */
  Optional<Plugin> find(String name);

  /**
   * Checks a bundle beside the plugins that run, and changes nothing. Takes some seconds. Reads the
   * stream to its end and does not close it.
   *
   * @throws IOException when the stream cannot be read
   */
  Report check(InputStream jar) throws IOException;

  /**
   * Checks a bundle, puts it into the folder in place of the file that its plugin had, and starts
   * it. Returns when it runs: {@link #list} has it, and what it brings can be used. Contexts keep
   * the revision that they were made with.
   *
   * @param name the symbolic name that the bundle must have; empty when any will do
   * @throws JobserverException {@link ErrorCode#PLUGIN_REFUSED} when the check or the start fails,
   *     with nothing changed, {@link ErrorCode#PLUGINS_FIXED} when the server was started without
   *     plugins
   * @throws IOException when the stream cannot be read
   */
  Plugin install(String name, InputStream jar) throws IOException;

  /**
   * Goes back to the previous revision, until the plugin's file changes; also when the server is
   * started again. A second time leads back to where the first one began.
   *
   * @throws JobserverException {@link ErrorCode#PLUGIN_NOT_FOUND}, {@link ErrorCode#PLUGIN_REFUSED}
   *     when there is no previous revision or it does not start, or {@link ErrorCode#PLUGINS_FIXED}
   */
  Plugin rollBack(String name);

  /**
   * Removes a plugin and its file. Contexts that were made with it go on.
   *
   * @throws JobserverException {@link ErrorCode#PLUGIN_NOT_FOUND}
   */
  void remove(String name);
}
