package spark.jobserver.core.posted;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.HoconValue.Concatenation;
import spark.jobserver.core.posted.HoconValue.Container;
import spark.jobserver.core.posted.HoconValue.Items;
import spark.jobserver.core.posted.HoconValue.Literal;
import spark.jobserver.core.posted.HoconValue.Members;
import spark.jobserver.core.posted.HoconValue.Reference;
import spark.jobserver.core.posted.HoconValue.Scalar;

/**
 * Puts what references refer to in their place, and nothing else: no environment, no system
 * property. A reference leads to the head of a value, of which the inner parts are resolved only
 * when they are needed; so an object may refer to parts of itself, and to parts of what is made of
 * it. What refers to itself sees what was defined before it.
 *
 * <p>A value that is used several times is one object. Its size counts each time, and is known
 * before any of it is written.
 */
final class HoconResolver {
  private final String text;
  private final Literal root;

  /** How many fields are restricted now to what was defined before. */
  private int restrictions;

  /** The outermost of the restrictions that the present value depends on. */
  private int outermost = Integer.MAX_VALUE;

  /** Whether a value is looked at only for what stands at a path in it. */
  private boolean passing;

  /** The keys of the objects that are resolved now, in each other. */
  private final Deque<String> keys = new ArrayDeque<>();

  private int chained;
  private int levels;
  private long steps;

  private HoconResolver(String text, Literal root) {
    this.text = text;
    this.root = root;
  }

  /**
   * Resolves a configuration.
   *
   * @param text that it was read from, for messages
   * @throws JobserverException when a reference leads nowhere, or the whole is too large
   */
  static Members resolve(String text, Literal root) {
    return (Members) new HoconResolver(text, root).whole(root);
  }

  /** The value with all that is in it; null for none. */
  private HoconValue whole(HoconValue value) {
    step(1);
    if (value == null) {
      return null;
    }
    if (value instanceof Scalar scalar) {
      return finite(scalar);
    }
    if (!(value instanceof Container container)) {
      return whole(head(value));
    }
    if (container.resolved() != null) {
      return container.resolved();
    }
    if (container.isResolving()) {
      throw PostedLimits.refused(
          "what a substitution puts at '%s' is part of itself"
              .formatted(PostedLimits.shown(String.join(".", keys))));
    }
    if (++levels > PostedLimits.LEVELS) {
      throw PostedLimits.refused(
          "resolved, it is nested too deeply: %d levels are the most"
              .formatted(PostedLimits.LEVELS));
    }
    boolean before = passing;
    passing = false;
    container.resolving(true);
    int outside = outermost;
    outermost = Integer.MAX_VALUE;
    Container resolved =
        container instanceof Items items ? list(items) : object((Members) container);
    if (outermost >= restrictions) {
      container.becomes(resolved);
    }
    outermost = Math.min(outermost, outside);
    container.resolving(false);
    passing = before;
    levels--;
    return resolved;
  }

  private Items list(Items items) {
    Items resolved = items.isOpen() ? new Items() : items;
    Sum sum = new Sum();
    for (HoconValue item : items.values()) {
      HoconValue value = whole(item);
      if (value != null) {
        sum.add(value, 0);
        if (items.isOpen()) {
          resolved.add(value);
        }
      }
    }
    sum.measure(resolved);
    return resolved;
  }

  private Members object(Members object) {
    Literal copy = new Literal();
    Sum sum = new Sum();
    Set<String> all = object.keys();
    step((long) all.size() * HoconOverlay.layers(object));
    for (String key : all) {
      keys.addLast(key);
      HoconValue value = whole(object.get(key));
      keys.removeLast();
      if (value != null) {
        int length = JsonText.length(key) + 1;
        step(length / PostedLimits.CHARACTERS_A_STEP);
        sum.add(value, length);
        if (object.isOpen()) {
          copy.put(key, value);
        }
      }
    }
    Members resolved = object.isOpen() ? copy : object;
    sum.measure(resolved);
    return resolved;
  }

  /** What a value is: a scalar, a list or an object, of which the parts may be unresolved. */
  private HoconValue head(HoconValue value) {
    step(1);
    if (value instanceof HoconField field) {
      HoconField.View view = field.view();
      if (view == null) {
        unfold(field);
        return first(field, field.definitions().size());
      }
      outermost = Math.min(outermost, view.number());
      return first(field, view.count());
    }
    if (value instanceof Reference reference) {
      return referred(reference);
    }
    return value instanceof Concatenation concatenation ? joined(concatenation, false) : value;
  }

  /**
   * Takes the definitions of a field that is laid over another for definitions of the whole, when
   * it is them that its references to its own key are about. For {@code job = ${base}}, {@code
   * job.x += 1}, {@code job.x += 2}, the second sees the first, and that sees {@code base.x}.
   */
  private void unfold(HoconField field) {
    List<HoconValue> definitions = field.definitions();
    int last = definitions.size() - 1;
    if (definitions.get(last) instanceof HoconField upper) {
      List<String> path = upper.ownPath();
      if (!path.isEmpty() && at(path) == field) {
        definitions.remove(last);
        definitions.addAll(upper.definitions());
      }
    }
  }

  /** What the oldest {@code count} definitions of a field are together; null for nothing. */
  private HoconValue first(HoconField field, int count) {
    if (count == 0) {
      return null;
    }
    // From the oldest on which the last one depends: many += are no deep recursion.
    int from = count;
    while (from > 1 && !field.knows(from) && needsOlder(field.definitions().get(from - 1))) {
      from--;
    }
    int outside = outermost;
    int learnt = count + 1;
    for (int n = from; n <= count; n++) {
      if (!field.knows(n)) {
        learnt = Math.min(learnt, n);
        outermost = Integer.MAX_VALUE;
        HoconValue value = defined(field, n);
        field.learn(n, value, outermost);
      }
    }
    HoconValue value = field.known(count);
    outermost = Math.min(outside, field.dependency(count));
    for (int n = learnt; n <= count; n++) {
      if (field.dependency(n) < restrictions) {
        field.forget(n);
      }
    }
    return value;
  }

  private static boolean needsOlder(HoconValue definition) {
    return (definition instanceof Members object && !object.hides())
        || HoconField.ownReference(definition).isPresent();
  }

  private HoconValue defined(HoconField field, int count) {
    HoconValue definition = field.definitions().get(count - 1);
    HoconValue value =
        definition instanceof Container ? definition : restricted(field, count - 1, definition);
    if (value == null) {
      return older(field, count - 1);
    }
    boolean hides = definition instanceof Literal literal && literal.hides();
    if (!(value instanceof Members object) || hides) {
      return value;
    }
    HoconValue older = older(field, count - 1);
    if (older == null) {
      return value;
    }
    return older instanceof Members before
        ? HoconOverlay.of(object, before)
        : HoconOverlay.hiding(object);
  }

  private HoconValue older(HoconField field, int count) {
    chain();
    HoconValue value = first(field, count);
    chained--;
    return value;
  }

  /** What a definition is while references to its field see only those before it. */
  private HoconValue restricted(HoconField field, int older, HoconValue definition) {
    HoconField.View before = field.view();
    field.view(new HoconField.View(older, restrictions++));
    HoconValue value =
        definition instanceof Concatenation concatenation
            ? joined(concatenation, older > 0)
            : head(definition);
    if (older > 0 && isUsedWhole(value)) {
      value = whole(value);
    }
    restrictions--;
    field.view(before);
    return value;
  }

  private HoconValue referred(Reference reference) {
    chain();
    HoconValue value = head(at(reference.path()));
    boolean around = !passing && value instanceof Container container && container.isResolving();
    if ((value == null || around) && !reference.optional()) {
      throw PostedLimits.refused(
          text,
          reference.offset(),
          reference.shown()
              + (around
                  ? " refers to an object or a list that it is part of"
                  : " has no value: a substitution sees only what is posted with it, and of its"
                      + " own key what was before; one that may be missing is written ${?…}"));
    }
    chained--;
    return around ? null : value;
  }

  /** What stands at a path; null for nothing. */
  private HoconValue at(List<String> path) {
    boolean before = passing;
    passing = true;
    HoconValue at = root;
    for (int i = 0; i < path.size() && at != null; i++) {
      at = head(at) instanceof Members object ? object.get(path.get(i)) : null;
    }
    passing = before;
    return at;
  }

  /**
   * Values beside each other as one.
   *
   * @param restricted whether the objects among them see only what was before
   */
  private HoconValue joined(Concatenation concatenation, boolean restricted) {
    HoconJoin join = new HoconJoin(text, concatenation.offset(), HoconOverlay::of);
    for (HoconValue piece : concatenation.pieces()) {
      HoconValue value = head(piece);
      if (value != null) {
        boolean own = restricted && piece instanceof Literal;
        boolean others = piece instanceof Reference && isUsedWhole(value);
        join.add(own || others || value instanceof Items ? whole(value) : value);
      }
    }
    HoconValue value = join.joined();
    if (value instanceof Items items) {
      step(items.values().size());
    } else if (value instanceof Scalar scalar) {
      step(scalar.text().length() / PostedLimits.CHARACTERS_A_STEP);
    }
    return value;
  }

  /**
   * Whether all of a value is resolved where it is referred to: of a list, for its values lose
   * sight of the list that they are in, and of what hides something, for it does so only in its own
   * place. Other objects are resolved where they are used.
   */
  private static boolean isUsedWhole(HoconValue value) {
    return value instanceof Members object ? object.hasHiding() : value instanceof Items;
  }

  private static Scalar finite(Scalar scalar) {
    if (scalar.isInfinite()) {
      throw PostedLimits.refused(
          "the number %s is too large; in quotes it is text"
              .formatted(PostedLimits.shown(scalar.text())));
    }
    return scalar;
  }

  private void chain() {
    if (++chained > PostedLimits.CHAINED) {
      throw PostedLimits.refused(
          ("more than %d substitutions, or definitions of a key over each other, lead from one to"
                  + " the next, which are the most")
              .formatted(PostedLimits.CHAINED));
    }
  }

  private void step(long more) {
    steps += more;
    if (steps > PostedLimits.STEPS) {
      throw PostedLimits.refused(
          "its substitutions multiply: resolving them takes more than %d steps, which are the most"
              .formatted(PostedLimits.STEPS));
    }
  }

  /** Adds up the size of a list or an object; refuses it as soon as it is too large. */
  private final class Sum {
    private long values = 1;
    private long characters = 2;
    private int levels;

    /** Adds a value, and the characters of its key and of what follows that, if it has a key. */
    void add(HoconValue value, int key) {
      characters += key + (characters > 2 ? 1 : 0);
      values += key > 0 ? 1 : 0;
      if (value instanceof Scalar scalar) {
        values++;
        characters += scalar.characters();
      } else {
        Container container = (Container) value;
        values += container.size();
        characters += container.characters();
        levels = Math.max(levels, container.levels());
      }
      PostedLimits.checkValues(text, values);
      PostedLimits.checkCharacters(text, characters);
    }

    void measure(Container container) {
      if (levels >= PostedLimits.LEVELS) {
        throw PostedLimits.refused(
            "resolved, it is nested too deeply: %d levels are the most"
                .formatted(PostedLimits.LEVELS));
      }
      container.measured((int) values, (int) characters, levels + 1);
    }
  }
}
