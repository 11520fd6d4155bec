package spark.jobserver.core.posted;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import spark.jobserver.core.posted.HoconValue.Concatenation;
import spark.jobserver.core.posted.HoconValue.Items;
import spark.jobserver.core.posted.HoconValue.Members;
import spark.jobserver.core.posted.HoconValue.Reference;
import spark.jobserver.core.posted.HoconValue.Scalar;

/**
 * Makes one value of values that stand beside each other: one text of several, one list, one
 * object. References keep what is left of them and what is right of them apart.
 */
final class HoconJoin {
  /** The most digits of a key that is the index of a value of a list. */
  private static final int LONGEST_INDEX = 9;

  private final String text;
  private final int offset;
  private final BinaryOperator<Members> over;

  /** What stands before the last piece, and is kept apart from it. */
  private final List<HoconValue> before = new ArrayList<>(0);

  private HoconValue last;

  /** Whether the last piece is a list of this join's making. */
  private boolean ownList;

  /** The text after the last piece, when it is only one scalar so far. */
  private Scalar scalar;

  /** The text after the last piece, when it is more. */
  private StringBuilder run;

  /**
   * @param text the whole text, for a message
   * @param offset where the value starts in it
   * @param over lays its first object over its second
   */
  HoconJoin(String text, int offset, BinaryOperator<Members> over) {
    this.text = text;
    this.offset = offset;
    this.over = over;
  }

  /** Adds what stands next. */
  void add(HoconValue value) {
    if (value instanceof Scalar next) {
      if (!endsWithText()) {
        scalar = next;
      } else if (isBlank(scalar) && isBlank(next)) {
        scalar = Scalar.blank(scalar.text() + next.text());
      } else {
        addText(next.text());
      }
      return;
    }
    finishText();
    if (last != null && !(last instanceof Reference) && !(value instanceof Reference)) {
      last = together(last, value);
    } else {
      append(value);
    }
  }

  /** Adds text to the text that is there. */
  void addText(String more) {
    if (run == null) {
      run = new StringBuilder(scalar == null ? "" : scalar.text());
      scalar = null;
    }
    run.append(more);
    PostedLimits.checkCharacters(text, run.length());
  }

  /** Whether there is text to which more can be added. */
  boolean endsWithText() {
    return scalar != null || run != null;
  }

  /** The one value; null when there was none. */
  HoconValue joined() {
    finishText();
    if (before.isEmpty()) {
      return last;
    }
    before.add(last);
    return new Concatenation(List.copyOf(before), offset);
  }

  private void append(HoconValue value) {
    if (last != null) {
      before.add(last);
    }
    last = value;
    ownList = false;
  }

  private void finishText() {
    if (!endsWithText()) {
      return;
    }
    Scalar next = scalar != null ? scalar : Scalar.text(run.toString());
    scalar = null;
    run = null;
    if (last == null || last instanceof Reference) {
      append(next);
    } else if (!isBlank(next)) {
      throw unlike(last, next);
    }
  }

  private HoconValue together(HoconValue left, HoconValue right) {
    if (isBlank(left)) {
      return right;
    }
    if (left instanceof Members below && right instanceof Members above) {
      return over.apply(above, below);
    }
    Items first = list(left);
    Items second = list(right);
    if (first == null || second == null) {
      throw unlike(left, right);
    }
    Items all = first;
    if (!ownList) {
      all = new Items();
      all.addAll(first);
      ownList = true;
    }
    all.addAll(second);
    PostedLimits.checkValues(text, all.values().size());
    return all;
  }

  private static boolean isBlank(HoconValue value) {
    return value instanceof Scalar scalar && scalar.kind() == Scalar.Kind.BLANK;
  }

  /** A list, or what an object is as a list: the values of its numbers in their order. */
  private static Items list(HoconValue value) {
    if (value instanceof Items items) {
      return items;
    }
    TreeMap<Integer, HoconValue> numbered = new TreeMap<>();
    if (value instanceof Members object) {
      for (String key : object.keys()) {
        if (key.length() <= LONGEST_INDEX && JsonText.isNumber(key)) {
          numbered.put(Integer.valueOf(key), object.get(key));
        }
      }
    }
    if (numbered.isEmpty()) {
      return null;
    }
    Items items = new Items();
    numbered.values().forEach(items::add);
    return items;
  }

  private RuntimeException unlike(HoconValue left, HoconValue right) {
    return PostedLimits.refused(
        text,
        offset,
        "%s and %s cannot be put together; text with brackets in it must be in quotes"
            .formatted(named(left), named(right)));
  }

  private static String named(HoconValue value) {
    if (value instanceof Scalar scalar) {
      return "'" + PostedLimits.shown(scalar.text()) + "'";
    }
    return value instanceof Items ? "a list" : "an object";
  }
}
