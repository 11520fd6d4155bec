package spark.jobserver.core.posted;

import java.util.Random;

/** Makes HOCON, and what looks like it, by chance. */
final class HoconTexts {
  private static final String[] TOKENS = {
    "a",
    "b",
    "c",
    "x1",
    "1",
    "-",
    "0",
    ".",
    "1.5",
    "1e3",
    "true",
    "null",
    "false",
    " ",
    "  ",
    "\n",
    "=",
    ":",
    "+=",
    ",",
    "{",
    "}",
    "[",
    "]",
    "\"s\"",
    "\"\"",
    "\"\"\"t\n\"\"\"",
    "#c\n",
    "//d\n",
    "é",
    "\"q.r\"",
    "a.b",
    "\u00a0",
    "\r",
    "\"\\u0041\\n\"",
    "/",
    "'",
    "(",
    "\uFEFF",
    "-1",
    "10m",
    "\t",
    "+",
    "$",
    "\\",
    "\"",
    "@",
    "=1\n",
    "=[",
    "={",
    "a=",
    "\nb="
  };

  private static final String[] SCALARS = {"1", "x", "\"q\"", "true", "null", "1.50", "2", "y"};

  private final Random random;
  private final boolean substitutions;

  /** The number of the key that is defined now. It refers to none with a higher number. */
  private int key;

  private HoconTexts(Random random, boolean substitutions) {
    this.random = random;
    this.substitutions = substitutions;
  }

  /** Some tokens in a row; most of it is no HOCON. */
  static String tokens(Random random) {
    StringBuilder text = new StringBuilder();
    int count = 1 + random.nextInt(14);
    for (int i = 0; i < count; i++) {
      text.append(TOKENS[random.nextInt(TOKENS.length)]);
    }
    return text.toString();
  }

  /**
   * Some definitions. Substitutions lead to what comes before in the order of keys, or to what the
   * key itself was before; so there are no circles, of which the library's answer depends on the
   * order of a hash table.
   */
  static String definitions(Random random, boolean substitutions) {
    return new HoconTexts(random, substitutions).definitions();
  }

  /** Definitions with substitutions that lead anywhere. */
  static String circles(Random random) {
    HoconTexts texts = new HoconTexts(random, true);
    StringBuilder text = new StringBuilder();
    int count = 3 + random.nextInt(20);
    for (int i = 0; i < count; i++) {
      texts.key = 5;
      text.append('k').append(random.nextInt(5)).append(texts.chance(3) ? texts.part() : "");
      text.append(texts.chance(5) ? "+=" : "=");
      int pieces = 1 + random.nextInt(3);
      for (int j = 0; j < pieces; j++) {
        text.append(texts.chance(2) ? texts.reference(9) : texts.piece(0));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private String definitions() {
    StringBuilder text = new StringBuilder();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : chance(2) ? "\n" : ",").append(definition());
    }
    return text.toString();
  }

  private String definition() {
    key = random.nextInt(5);
    boolean whole = !chance(3);
    StringBuilder text = new StringBuilder("k" + key + (whole ? "" : part()));
    text.append(whole && substitutions && chance(6) ? "+=" : "=");
    int pieces = chance(3) ? 1 + random.nextInt(3) : 1;
    for (int i = 0; i < pieces; i++) {
      text.append(i > 0 && chance(2) ? " " : "");
      text.append(whole && substitutions && chance(6) ? "${?k" + key + "}" : piece(0));
    }
    return text.toString();
  }

  private String piece(int depth) {
    int kind = random.nextInt(10);
    if (kind > 5 && substitutions && key > 0) {
      return reference(3);
    }
    if (kind < 3 || depth > 2) {
      return SCALARS[random.nextInt(SCALARS.length)];
    }
    return kind < 5 ? object(depth) : list(depth);
  }

  private String object(int depth) {
    StringBuilder text = new StringBuilder("{");
    for (char name = 'a'; name <= 'c'; name++) {
      // Twice the same key in one object is left to the texts without substitutions.
      int count = chance(2) ? 0 : substitutions ? 1 : 1 + random.nextInt(2);
      for (int i = 0; i < count; i++) {
        text.append(text.length() > 1 ? "," : "").append(name).append(chance(4) ? ".a" : "");
        text.append('=').append(piece(depth + 1)).append(chance(4) ? piece(depth + 1) : "");
      }
    }
    return text.append('}').toString();
  }

  private String list(int depth) {
    StringBuilder text = new StringBuilder("[");
    int count = random.nextInt(3);
    for (int i = 0; i < count; i++) {
      text.append(i > 0 ? "," : "").append(piece(depth + 1));
    }
    return text.append(']').toString();
  }

  private String reference(int optional) {
    StringBuilder text = new StringBuilder(chance(optional) ? "${k" : "${?k");
    text.append(random.nextInt(key));
    while (chance(3)) {
      text.append(part());
    }
    return text.append('}').toString();
  }

  private String part() {
    return "." + "abc".charAt(random.nextInt(3));
  }

  private boolean chance(int of) {
    return random.nextInt(of) == 0;
  }
}
