package spark.jobserver.core.posted;

import java.util.ArrayList;
import java.util.List;
import spark.jobserver.core.posted.HoconTokens.Kind;
import spark.jobserver.core.posted.HoconValue.Concatenation;
import spark.jobserver.core.posted.HoconValue.Items;
import spark.jobserver.core.posted.HoconValue.Literal;
import spark.jobserver.core.posted.HoconValue.Members;
import spark.jobserver.core.posted.HoconValue.Reference;
import spark.jobserver.core.posted.HoconValue.Scalar;

/**
 * Reads a HOCON text as Typesafe Config does, but in time and memory in proportion to it, in a
 * bounded number of calls, and without includes. Definitions of the same key are laid over each
 * other at once where no reference is involved.
 */
final class HoconParser {
  private static final Scalar TRUE = Scalar.word(Scalar.Kind.BOOLEAN, "true");
  private static final Scalar FALSE = Scalar.word(Scalar.Kind.BOOLEAN, "false");
  private static final Scalar NULL = Scalar.word(Scalar.Kind.NULL, "null");

  private final String text;
  private final HoconTokens tokens;

  /** Some of the keys seen, by their hash, so that those of many like objects are kept once. */
  private final String[] keys = new String[256];

  /** The keys that lead from the root to what is read now, of the part outside of lists. */
  private final List<String> path = new ArrayList<>();

  private int lists;
  private int levels;
  private int values;

  private HoconParser(String text) {
    this.text = text;
    this.tokens = new HoconTokens(text);
  }

  /**
   * The object that a text stands for.
   *
   * @throws spark.jobserver.api.server.JobserverException saying in which line what is wrong
   */
  static Literal parse(String text) {
    return new HoconParser(text).root();
  }

  private Literal root() {
    tokens.advance();
    skipNewlines();
    if (tokens.kind() == Kind.OPEN_BRACKET) {
      throw wrong("a configuration is an object, not a list");
    }
    Literal root;
    if (tokens.kind() == Kind.OPEN_BRACE) {
      root = object();
      skipNewlines();
    } else {
      enter(1);
      root = new Literal();
      members(root, Kind.END);
    }
    if (tokens.kind() != Kind.END) {
      throw wrong("expected the end of the text, not " + tokens.shown());
    }
    return root;
  }

  private Literal object() {
    int start = tokens.start();
    enter(1);
    tokens.advance();
    Literal object = new Literal();
    members(object, Kind.CLOSE_BRACE);
    if (tokens.kind() == Kind.END) {
      throw PostedLimits.refused(text, start, "the '{' has no '}'");
    }
    tokens.advance();
    levels--;
    return object;
  }

  private void members(Literal object, Kind close) {
    skipNewlines();
    while (tokens.kind() != close && tokens.kind() != Kind.END) {
      member(object);
      if (!separator() && tokens.kind() != close && tokens.kind() != Kind.END) {
        throw wrong(
            "expected a comma or a new line before "
                + tokens.shown()
                + "; if it is part of a text, put that in quotes");
      }
    }
  }

  /** Reads what separates two values, and says whether there was anything. */
  private boolean separator() {
    boolean separated = skipNewlines();
    if (tokens.kind() == Kind.COMMA) {
      tokens.advance();
      skipNewlines();
      return true;
    }
    return separated;
  }

  private void member(Literal object) {
    if (tokens.kind() == Kind.UNQUOTED && tokens.string().equals("include")) {
      throw wrong("a posted configuration may not include another");
    }
    if (!tokens.kind().isText()) {
      throw wrong("expected a key, not " + tokens.shown());
    }
    int start = tokens.start();
    List<String> key = path();
    skipNewlines();
    enter(key.size() - 1);
    count(2 * key.size() - 1);
    if (lists == 0) {
      path.addAll(key);
    }
    define(object, key, value(key, start));
    if (lists == 0) {
      path.subList(path.size() - key.size(), path.size()).clear();
    }
    levels -= key.size() - 1;
  }

  private HoconValue value(List<String> key, int start) {
    switch (tokens.kind()) {
      case OPEN_BRACE -> {
        count(1);
        return object();
      }
      case COLON, EQUALS -> {
        tokens.advance();
        return value();
      }
      case PLUS_EQUALS -> {
        tokens.advance();
        return appended(start);
      }
      default ->
          throw wrong(
              "expected '=', ':' or '{' after the key '%s', not %s"
                  .formatted(PostedLimits.shown(String.join(".", key)), tokens.shown()));
    }
  }

  private HoconValue appended(int start) {
    if (lists > 0) {
      throw wrong("'+=' cannot be used inside of a list");
    }
    enter(1);
    Items items = new Items();
    items.add(value());
    levels--;
    count(1);
    Reference before = new Reference(List.copyOf(path), true, true, start);
    return new Concatenation(List.of(before, items), start);
  }

  /** Reads a value: all that stands beside each other up to the end of the line. */
  private HoconValue value() {
    skipNewlines();
    int start = tokens.start();
    HoconJoin join = new HoconJoin(text, start, HoconParser::overObject);
    boolean textBefore = false;
    boolean more = true;
    while (more) {
      Kind kind = tokens.kind();
      boolean isText = kind.isText() || kind.isReference();
      if (textBefore && isText && tokens.followsBlank()) {
        join.add(Scalar.blank(tokens.blank()));
      }
      textBefore = isText;
      more = piece(join);
    }
    HoconValue value = join.joined();
    if (value == null) {
      throw wrong("expected a value, not " + tokens.shown());
    }
    count(1);
    return value;
  }

  /** What the present token is when it stands alone, or is the start of a text. */
  private Scalar scalar() {
    String string = tokens.string();
    if (tokens.kind() == Kind.QUOTED) {
      return Scalar.text(string);
    }
    if (tokens.kind() == Kind.NUMBER) {
      return HoconNumber.read(string)
          .map(number -> Scalar.number(number, string))
          .orElseGet(() -> Scalar.text(string));
    }
    return switch (string) {
      case "true" -> TRUE;
      case "false" -> FALSE;
      case "null" -> NULL;
      default -> Scalar.text(string);
    };
  }

  private boolean piece(HoconJoin join) {
    Kind kind = tokens.kind();
    if (kind.isText()) {
      if (join.endsWithText()) {
        join.addText(tokens.string());
      } else {
        join.add(scalar());
      }
      tokens.advance();
    } else if (kind.isReference()) {
      count(1);
      join.add(reference());
    } else if (kind == Kind.OPEN_BRACE) {
      join.add(object());
    } else if (kind == Kind.OPEN_BRACKET) {
      join.add(list());
    } else {
      return false;
    }
    return true;
  }

  private Items list() {
    int start = tokens.start();
    enter(1);
    lists++;
    tokens.advance();
    Items list = new Items();
    skipNewlines();
    while (tokens.kind() != Kind.CLOSE_BRACKET) {
      if (tokens.kind() == Kind.END) {
        throw PostedLimits.refused(text, start, "the '[' has no ']'");
      }
      list.add(value());
      if (!separator() && tokens.kind() != Kind.CLOSE_BRACKET && tokens.kind() != Kind.END) {
        throw wrong(
            "expected a comma, a new line or ']' before "
                + tokens.shown()
                + "; if it is part of a text, put that in quotes");
      }
    }
    tokens.advance();
    lists--;
    levels--;
    return list;
  }

  private Reference reference() {
    int start = tokens.start();
    boolean optional = tokens.kind() == Kind.OPTIONAL_REFERENCE;
    tokens.advance();
    if (!tokens.kind().isText()) {
      throw wrong("expected a path after '${', not " + tokens.shown());
    }
    List<String> target = path();
    if (tokens.kind() != Kind.CLOSE_BRACE) {
      throw wrong("expected '}' after the path of a substitution, not " + tokens.shown());
    }
    tokens.advance();
    return new Reference(target, optional, lists == 0 && target.equals(path), start);
  }

  /** Reads keys with points between them. */
  private List<String> path() {
    int start = tokens.start();
    String first = tokens.string();
    boolean quoted = tokens.kind() == Kind.QUOTED;
    tokens.advance();
    if (!tokens.kind().isText() && (quoted || first.indexOf('.') < 0)) {
      return List.of(known(first));
    }
    HoconPath keys = new HoconPath(text, start);
    keys.add(first, quoted);
    while (tokens.kind().isText()) {
      if (tokens.followsBlank()) {
        keys.add(tokens.blank(), false);
      }
      keys.add(tokens.string(), tokens.kind() == Kind.QUOTED);
      tokens.advance();
    }
    return keys.keys();
  }

  private String known(String key) {
    int place = key.hashCode() & (keys.length - 1);
    if (!key.equals(keys[place])) {
      keys[place] = key;
    }
    return keys[place];
  }

  private boolean skipNewlines() {
    boolean any = false;
    while (tokens.kind() == Kind.NEWLINE) {
      tokens.advance();
      any = true;
    }
    return any;
  }

  private void enter(int more) {
    levels += more;
    if (levels > PostedLimits.LEVELS) {
      throw PostedLimits.tooDeep(text, tokens.start());
    }
  }

  /** Counts values and keys. */
  private void count(int more) {
    values += more;
    if (values > PostedLimits.VALUES) {
      throw PostedLimits.tooManyValues("it has");
    }
  }

  private RuntimeException wrong(String why) {
    return PostedLimits.refused(text, tokens.start(), why);
  }

  /** Adds a definition to an object: of the last of some keys that lead from it to each other. */
  private static void define(Literal object, List<String> keys, HoconValue value) {
    String key = keys.get(0);
    HoconValue before = object.get(key);
    if (keys.size() == 1) {
      object.put(key, over(value, before));
      return;
    }
    List<String> rest = keys.subList(1, keys.size());
    if (before instanceof Literal inner) {
      define(inner, rest, value);
      object.put(key, inner);
    } else if (before instanceof HoconField field && last(field) instanceof Literal inner) {
      define(inner, rest, value);
    } else {
      Literal inner = new Literal();
      define(inner, rest, value);
      object.put(key, over(inner, before));
    }
  }

  /** A value that is defined after another, which may be null and may become part of it. */
  private static HoconValue over(HoconValue value, HoconValue before) {
    boolean reference = value instanceof Reference || value instanceof Concatenation;
    if (before == null) {
      return reference ? new HoconField(List.of(value)) : value;
    }
    if (reference) {
      return defined(before, value);
    }
    if (value instanceof HoconField field) {
      HoconValue all = before;
      for (HoconValue definition : field.definitions()) {
        all = over(definition, all);
      }
      return all;
    }
    return value instanceof Literal object ? objectOver(object, before) : value;
  }

  private static Members overObject(Members object, Members before) {
    return (Members) objectOver((Literal) object, before);
  }

  private static HoconValue objectOver(Literal object, HoconValue before) {
    if (object.hides()) {
      return object;
    }
    if (before instanceof Literal below) {
      object.values().forEach((key, value) -> below.put(key, over(value, below.get(key))));
      return below;
    }
    if (before instanceof HoconField field) {
      if (last(field) instanceof Literal below) {
        objectOver(object, below);
        return field;
      }
      return defined(field, object);
    }
    object.hide();
    return object;
  }

  private static HoconValue defined(HoconValue before, HoconValue value) {
    HoconField field = before instanceof HoconField known ? known : new HoconField(List.of(before));
    field.definitions().add(value);
    return field;
  }

  private static HoconValue last(HoconField field) {
    return field.definitions().get(field.definitions().size() - 1);
  }
}
