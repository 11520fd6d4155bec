package spark.jobserver.plugins;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a check has found.
 *
 * @param brings what the bundle adds to the server
 * @param problems why the server does not take it
 * @param unresolved whether one of them may go when another plugin comes
 */
record Verdict(List<String> brings, List<String> problems, boolean unresolved) {
  private static final String BRINGS = "brings ";
  private static final String PROBLEM = "problem ";
  private static final String UNRESOLVED = "unresolved";
  private static final String END = "end";

  Verdict {
    brings = List.copyOf(brings);
    problems = List.copyOf(problems);
  }

  /** The check itself has failed, or there was nothing to be checked. */
  static Verdict problem(String words) {
    return new Verdict(List.of(), List.of(words), false);
  }

  boolean isGood() {
    return problems.isEmpty();
  }

  /**
   * What the main program of the check has written; its documentation has the format.
   *
   * @return empty when the end is missing
   */
  static Optional<Verdict> read(List<String> lines) {
    if (lines.isEmpty() || !lines.get(lines.size() - 1).equals(END)) {
      return Optional.empty();
    }
    return Optional.of(
        new Verdict(after(BRINGS, lines), after(PROBLEM, lines), lines.contains(UNRESOLVED)));
  }

  private static List<String> after(String word, List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith(word))
        .map(line -> line.substring(word.length()))
        .toList();
  }

  /** As {@link #read} understands it. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    brings.forEach(one -> lines.add(BRINGS + one));
    problems.forEach(one -> lines.add(PROBLEM + one));
    if (unresolved) {
      lines.add(UNRESOLVED);
    }
    lines.add(END);
    return lines;
  }
}
