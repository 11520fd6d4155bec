package spark.jobserver.rest;

import static com.fasterxml.jackson.annotation.JsonInclude.Include.NON_EMPTY;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import spark.jobserver.api.server.Plugins.Plugin;
import spark.jobserver.api.server.Plugins.Revision;

/**
 * A plugin. What is empty is left out.
 *
 * @param name its bundle's symbolic name, or the name of its file
 * @param state where it is in its life
 * @param file the name of its file in the folder for plugins
 * @param version the version of the revision that runs
 * @param digest SHA-256 of its bytes, in hexadecimal
 * @param since since when it is so, in UTC
 * @param rolledBack {@code true} where the revision that runs is not the file's
 * @param previous what a rollback goes to
 * @param brings what it adds to the server
 * @param problems why the file is not what runs, or nothing does
 */
@JsonInclude(NON_EMPTY)
record PluginReport(
    String name,
    String state,
    String file,
    String version,
    String digest,
    String since,
    Boolean rolledBack,
    RevisionReport previous,
    List<String> brings,
    List<String> problems) {

  static PluginReport of(Plugin plugin) {
    return new PluginReport(
        plugin.name(),
        plugin.state().name(),
        plugin.file(),
        plugin.running().map(Revision::version).orElse(""),
        plugin.running().map(Revision::digest).orElse(""),
        Times.utc(plugin.since()),
        plugin.rolledBack() ? true : null,
        plugin.previous().map(RevisionReport::of).orElse(null),
        plugin.brings(),
        plugin.problems());
  }

  /**
   * A state of a bundle.
   *
   * @param version its version
   * @param digest SHA-256 of its bytes, in hexadecimal
   */
  record RevisionReport(String version, String digest) {
    static RevisionReport of(Revision revision) {
      return new RevisionReport(revision.version(), revision.digest());
    }
  }
}
