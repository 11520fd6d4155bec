package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The Configuration Admin entries of a merge.
 *
 * <p>Every block directly under {@code spark.jobserver} in a {@code reference.conf} is the entry
 * whose PID is the block's key. Single values and lists directly under {@code spark.jobserver} are
 * in the entry {@link #CORE}, beside those of the block of that name. Keys within a block are
 * joined by dots; single values are strings, as they are written; lists are arrays of strings.
 *
 * <p>Only keys that a {@code reference.conf} has are told, and all that is below a block that is
 * empty there: component properties are for all to see, and a file may hold keys of other programs.
 */
final class Entries {
  static final String CORE = Check.OURS + ".core";

  private Entries() {}

  /**
   * The entries: the properties by PID.
   *
   * @param wrong what a check found wrong: no entry is made of a block with a wrong key in it
   */
  static Map<String, Map<String, Object>> of(Merge merge, List<Check.Finding> wrong) {
    Map<String, Map<String, Object>> entries = new TreeMap<>();
    if (!merge.reference().hasPath(Check.OURS)) {
      return entries;
    }
    ConfigObject reference = merge.reference().getObject(Check.OURS);
    ConfigObject actual = merge.config().getObject(Check.OURS);
    Map<String, Object> core = new TreeMap<>();
    reference.forEach(
        (name, known) -> {
          String key = Check.OURS + "." + name;
          ConfigValue value = actual.get(name);
          if (wrong.stream().anyMatch(finding -> finding.isIn(key))) {
            return;
          }
          if (known instanceof ConfigObject block && value instanceof ConfigObject given) {
            flatten("", block, given, entries.computeIfAbsent(key, pid -> new TreeMap<>()));
          } else {
            put(name, value, core);
          }
        });
    if (!core.isEmpty()) {
      entries.computeIfAbsent(CORE, pid -> new TreeMap<>()).putAll(core);
    }
    return entries;
  }

  private static void flatten(
      String prefix, ConfigObject reference, ConfigObject actual, Map<String, Object> entry) {
    actual.forEach(
        (name, value) -> {
          ConfigValue known = reference.get(name);
          boolean free = reference.isEmpty();
          if (value instanceof ConfigObject inner) {
            if (free || known instanceof ConfigObject) {
              flatten(prefix + name + ".", free ? reference : (ConfigObject) known, inner, entry);
            }
          } else if (free || known != null) {
            put(prefix + name, value, entry);
          }
        });
  }

  private static void put(String key, ConfigValue value, Map<String, Object> entry) {
    switch (value.valueType()) {
      case NULL, OBJECT -> {
        // Says nothing; a block where a single value belongs has been found wrong.
      }
      case LIST ->
          entry.put(key, ((ConfigList) value).stream().map(Entries::text).toArray(String[]::new));
      default -> entry.put(key, text(value));
    }
  }

  private static String text(ConfigValue value) {
    return switch (value.valueType()) {
      case LIST, OBJECT, NULL -> value.render(ConfigRenderOptions.concise());
      default -> {
        Config single = value.atKey("value");
        yield single.getString("value");
      }
    };
  }
}
