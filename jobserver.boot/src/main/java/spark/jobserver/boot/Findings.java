package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a check has found so far. May be used by any thread. */
final class Findings {
  private String name = "";
  private String version = "";
  private boolean unresolved;
  private final Set<String> brings = new LinkedHashSet<>();
  private final Set<String> problems = new LinkedHashSet<>();

  synchronized void name(String symbolicName, String itsVersion) {
    name = symbolicName;
    version = itsVersion;
  }

  synchronized void brings(String what) {
    brings.add(oneLine(what));
  }

  synchronized void problem(String words) {
    problems.add(oneLine(words));
  }

  /** A problem that may go when another plugin comes. */
  synchronized void unresolved(String words) {
    unresolved = true;
    problem(words);
  }

  synchronized boolean areGood() {
    return problems.isEmpty();
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  /** As {@link PluginCheckMain} describes it. */
  synchronized void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("name " + name);
    lines.add("version " + version);
    brings.forEach(one -> lines.add("brings " + one));
    problems.forEach(one -> lines.add("problem " + one));
    if (unresolved) {
      lines.add("unresolved");
    }
    lines.add("end");
    Files.write(file, lines, UTF_8);
  }

  /** For people. */
  synchronized String text() {
    List<String> lines = new ArrayList<>();
    lines.add(name.isEmpty() ? "no bundle" : name + " " + version);
    brings.forEach(one -> lines.add("  brings " + one));
    if (problems.isEmpty()) {
      lines.add("  no problem was found");
    }
    problems.forEach(one -> lines.add("  problem: " + one));
    return String.join("\n", lines);
  }
}
