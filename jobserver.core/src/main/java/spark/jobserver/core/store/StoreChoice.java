package spark.jobserver.core.store;

import java.util.Set;
import java.util.TreeSet;

/** What is to be done for the store that the configuration names. */
sealed interface StoreChoice {
  /** The configuration's key that names it. */
  String KEY = "spark.jobserver.jobdao";

  /**
   * It cannot be used.
   *
   * @param why in words for operators and callers
   */
  record Wait(String why) implements StoreChoice {}

  /** It has the server's data. */
  record Use() implements StoreChoice {}

  /**
   * It is there, and so is the one that has the data.
   *
   * @param from the name of that
   */
  record Move(String from) implements StoreChoice {}

  /**
   * Decides.
   *
   * @param chosen the name in the configuration
   * @param holder the name of the store that has the data
   * @param present the names of all that are there
   */
  static StoreChoice of(String chosen, String holder, Set<String> present) {
    if (!present.contains(chosen)) {
      return new Wait(absent(chosen, "no bundle that runs brings it, and " + others(present)));
    }
    if (chosen.equals(holder)) {
      return new Use();
    }
    return present.contains(holder)
        ? new Move(holder)
        : new Wait(
            refused(
                chosen,
                holder,
                "that is not there now. Bring its bundle back, and all is copied from it"));
  }

  /** What is told of a store that is not there. */
  static String absent(String name, String why) {
    return "The store %s (%s) is not there now: %s".formatted(name, KEY, why);
  }

  /** What is told of a store that is not used, for the data are in another. */
  static String refused(String chosen, String holder, String why) {
    return "The store %s (%s) is not used: the server's data are in %s, and %s; or set %s = \"%s\""
        .formatted(chosen, KEY, holder, why, KEY, holder);
  }

  private static String others(Set<String> present) {
    return present.isEmpty()
        ? "there is no other"
        : "there are: " + String.join(", ", new TreeSet<>(present));
  }
}
