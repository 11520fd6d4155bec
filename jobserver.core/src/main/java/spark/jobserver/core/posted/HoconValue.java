package spark.jobserver.core.posted;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A value of a posted configuration: as it was posted, with references in it, or resolved, without
 * them. What is made of others shares them, so a value changes only while it is being made. What
 * {@link HoconResolver} learns of a value is kept with it: a configuration belongs to one thread.
 */
sealed interface HoconValue
    permits HoconValue.Scalar,
        HoconValue.Container,
        HoconValue.Reference,
        HoconValue.Concatenation,
        HoconField {
  /** Whether it may become another when it is resolved. */
  boolean isOpen();

  /** Text, a number, a boolean or null. */
  final class Scalar implements HoconValue {
    /** What it becomes as JSON. */
    enum Kind {
      STRING,
      NUMBER,
      BOOLEAN,
      NULL,
      /** White space between two references: text, unless one of them is a list or an object. */
      BLANK
    }

    private final Kind kind;

    /** The text; or the number, where it is written as it was posted. */
    private final Object value;

    private final int characters;

    private Scalar(Kind kind, Object value, int characters) {
      this.kind = kind;
      this.value = value;
      this.characters = characters;
    }

    /** Text. */
    static Scalar text(String text) {
      return new Scalar(Kind.STRING, text, JsonText.length(text));
    }

    /** White space that may be text. */
    static Scalar blank(String text) {
      return new Scalar(Kind.BLANK, text, JsonText.length(text));
    }

    /** True, false or null. */
    static Scalar word(Kind kind, String word) {
      return new Scalar(kind, word, word.length());
    }

    /** A number, and how it was posted. */
    static Scalar number(Number number, String text) {
      String written = number.toString();
      return new Scalar(Kind.NUMBER, written.equals(text) ? number : text, written.length());
    }

    Kind kind() {
      return kind;
    }

    /** As it was posted, without quotes. */
    String text() {
      return value.toString();
    }

    /** The number of characters that it has as JSON. */
    int characters() {
      return characters;
    }

    /** The number that it is, which may be infinite. */
    Number number() {
      return value instanceof Number number ? number : HoconNumber.read(text()).orElseThrow();
    }

    /** Whether it is a number that is too large for a {@code double}. */
    boolean isInfinite() {
      return kind == Kind.NUMBER && Double.isInfinite(number().doubleValue());
    }

    @Override
    public boolean isOpen() {
      return false;
    }
  }

  /** A list or an object, with what is known of its size once it is resolved. */
  abstract sealed class Container implements HoconValue permits Items, Members {
    private int size;
    private int characters;
    private int levels;
    private Container resolved;
    private boolean resolving;

    /** The values and keys in it, itself among them, once it is resolved. */
    final int size() {
      return size;
    }

    /** The number of characters that it has as JSON, once it is resolved. */
    final int characters() {
      return characters;
    }

    /** The levels of lists and objects, once it is resolved. */
    final int levels() {
      return levels;
    }

    final void measured(int size, int characters, int levels) {
      this.size = size;
      this.characters = characters;
      this.levels = levels;
    }

    /** What it becomes when its references are resolved, or null when that is not known. */
    final Container resolved() {
      return resolved;
    }

    final void becomes(Container resolved) {
      this.resolved = resolved;
    }

    final boolean isResolving() {
      return resolving;
    }

    final void resolving(boolean resolving) {
      this.resolving = resolving;
    }
  }

  /** A list. */
  final class Items extends Container {
    private final List<HoconValue> values = new ArrayList<>();
    private boolean open;

    void add(HoconValue value) {
      values.add(value);
      open |= value.isOpen();
    }

    void addAll(Items others) {
      values.addAll(others.values);
      open |= others.open;
    }

    List<HoconValue> values() {
      return values;
    }

    @Override
    public boolean isOpen() {
      return open;
    }
  }

  /** An object. */
  abstract sealed class Members extends Container permits Literal, HoconOverlay {
    /** The value of a key: a scalar, a list, an object or a {@link HoconField}; null for none. */
    abstract HoconValue get(String key);

    abstract Set<String> keys();

    /**
     * Whether it hides what its key was before, because something between the two was no object.
     * Who refers to it need not care.
     */
    abstract boolean hides();

    /** Whether it, or an object in it, hides something. */
    abstract boolean hasHiding();
  }

  /** An object as it was posted, or resolved. */
  final class Literal extends Members {
    private final Map<String, HoconValue> values = new LinkedHashMap<>(4);
    private boolean open;
    private boolean hides;
    private boolean hasHiding;

    void put(String key, HoconValue value) {
      values.put(key, value);
      open |= value.isOpen();
      hasHiding |= value instanceof Members object && object.hasHiding();
    }

    void hide() {
      hides = true;
      hasHiding = true;
      open = true;
    }

    Map<String, HoconValue> values() {
      return values;
    }

    @Override
    HoconValue get(String key) {
      return values.get(key);
    }

    @Override
    Set<String> keys() {
      return values.keySet();
    }

    @Override
    boolean hides() {
      return hides;
    }

    @Override
    boolean hasHiding() {
      return hasHiding;
    }

    @Override
    public boolean isOpen() {
      return open;
    }
  }

  /**
   * A reference to the value of another key.
   *
   * @param path the keys that lead to it from the root
   * @param optional whether the value may be missing
   * @param own whether it stands in the definition of the key that it refers to
   * @param offset where it stands in the text
   */
  record Reference(List<String> path, boolean optional, boolean own, int offset)
      implements HoconValue {
    @Override
    public boolean isOpen() {
      return true;
    }

    /** As it was posted. */
    String shown() {
      return PostedLimits.shown((optional ? "${?" : "${") + String.join(".", path)) + "}";
    }
  }

  /**
   * Values beside each other, at least one of them a reference.
   *
   * @param offset where it stands in the text
   */
  record Concatenation(List<HoconValue> pieces, int offset) implements HoconValue {
    @Override
    public boolean isOpen() {
      return true;
    }
  }
}
