package spark.jobserver.core.posted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a key is defined as, when that takes a reference to tell. There may be several definitions;
 * while one of them is resolved, a reference to the key sees only those before it.
 */
final class HoconField implements HoconValue {
  /** The value of definitions that have not been resolved. */
  private static final HoconValue UNKNOWN = Scalar.blank("");

  private final List<HoconValue> definitions;
  private HoconValue[] values = {};
  private int[] dependencies = {};
  private View view;

  /**
   * What a reference sees of a field while one of its definitions is resolved.
   *
   * @param count the number of definitions, of the oldest
   * @param number the number of the restriction; the outermost of those in force is 0
   */
  record View(int count, int number) {}

  /** The definitions are the oldest first. */
  HoconField(List<HoconValue> definitions) {
    this.definitions = new ArrayList<>(definitions);
  }

  List<HoconValue> definitions() {
    return definitions;
  }

  /** The path of its key, when a definition refers to what the key was before; else empty. */
  List<String> ownPath() {
    return definitions.stream()
        .flatMap(definition -> ownReference(definition).stream())
        .findFirst()
        .map(Reference::path)
        .orElse(List.of());
  }

  /** The reference to what its key was before that a definition consists of, or has a piece of. */
  static Optional<Reference> ownReference(HoconValue definition) {
    List<HoconValue> pieces =
        definition instanceof Concatenation concatenation
            ? concatenation.pieces()
            : List.of(definition);
    return pieces.stream()
        .filter(piece -> piece instanceof Reference reference && reference.own())
        .map(Reference.class::cast)
        .findFirst();
  }

  /** What a reference sees of it now; null for everything. */
  View view() {
    return view;
  }

  void view(View view) {
    this.view = view;
  }

  /** Whether it is known what the oldest {@code count} definitions are together. */
  boolean knows(int count) {
    return count < values.length && values[count] != UNKNOWN;
  }

  /** What the oldest {@code count} definitions are together; null when that is nothing. */
  HoconValue known(int count) {
    return values[count];
  }

  /** The number of the outermost restriction that what is known depends on. */
  int dependency(int count) {
    return dependencies[count];
  }

  void learn(int count, HoconValue value, int dependency) {
    if (values.length == 0) {
      values = new HoconValue[definitions.size() + 1];
      Arrays.fill(values, UNKNOWN);
      dependencies = new int[values.length];
    }
    values[count] = value;
    dependencies[count] = dependency;
  }

  /** Forgets what {@code count} definitions are together. */
  void forget(int count) {
    values[count] = UNKNOWN;
  }

  @Override
  public boolean isOpen() {
    return true;
  }
}
