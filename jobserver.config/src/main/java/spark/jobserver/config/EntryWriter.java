package spark.jobserver.config;

import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * Brings Configuration Admin to what it should hold: what has not changed is left alone, so that no
 * component restarts without need. Not for several threads at once.
 */
final class EntryWriter {
  /** Any bundle may use an entry, and several may. */
  private static final String ANY_LOCATION = "?";

  private final ConfigurationAdmin admin;
  private final Set<String> written = new HashSet<>();

  EntryWriter(ConfigurationAdmin admin) throws IOException {
    this.admin = admin;
    try {
      Configuration[] left = admin.listConfigurations("(service.pid=%s.*)".formatted(Check.OURS));
      if (left != null) {
        for (Configuration configuration : left) {
          written.add(configuration.getPid());
        }
      }
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Makes, updates and deletes entries.
   *
   * @param entries all that there should be: the properties by PID
   */
  void write(Map<String, Map<String, Object>> entries) throws IOException {
    for (Map.Entry<String, Map<String, Object>> entry : entries.entrySet()) {
      written.add(entry.getKey());
      admin
          .getConfiguration(entry.getKey(), ANY_LOCATION)
          .updateIfDifferent(FrameworkUtil.asDictionary(entry.getValue()));
    }
    for (String pid : new TreeSet<>(written)) {
      if (!entries.containsKey(pid)) {
        admin.getConfiguration(pid, ANY_LOCATION).delete();
        written.remove(pid);
      }
    }
  }
}
