package spark.jobserver.core.posted;

/**
 * The tokens of a HOCON text, one after the other. It reads as Typesafe Config reads, and makes no
 * object for a token. Comments and white space are no tokens, the end of a line is one.
 */
final class HoconTokens {
  enum Kind {
    END("the end"),
    NEWLINE("the end of the line"),
    COMMA("','"),
    COLON("':'"),
    EQUALS("'='"),
    PLUS_EQUALS("'+='"),
    OPEN_BRACE("'{'"),
    CLOSE_BRACE("'}'"),
    OPEN_BRACKET("'['"),
    CLOSE_BRACKET("']'"),
    /** The start of a substitution. The tokens of its path and a closing brace follow. */
    REFERENCE("'${'"),
    /** The start of a substitution of which the value may be missing. */
    OPTIONAL_REFERENCE("'${?'"),
    QUOTED("a quoted string"),
    /** What may be a number, or the start of unquoted text. */
    NUMBER("a number"),
    UNQUOTED("text");

    private final String shown;

    Kind(String shown) {
      this.shown = shown;
    }

    /** Whether it is text by itself, or part of text. */
    boolean isText() {
      return this == QUOTED || this == NUMBER || this == UNQUOTED;
    }

    boolean isReference() {
      return this == REFERENCE || this == OPTIONAL_REFERENCE;
    }
  }

  /** What ends unquoted text, besides white space and comments. */
  private static final String RESERVED = "$\"{}[]:=,+#`^?!@*&\\";

  /** The ASCII characters of which unquoted text may consist. */
  private static final boolean[] PLAIN = new boolean[128];

  static {
    for (char c = 0; c < PLAIN.length; c++) {
      PLAIN[c] = RESERVED.indexOf(c) < 0 && !isWhitespace(c);
    }
  }

  private final String text;
  private Kind kind;
  private int blank;
  private int start;
  private int end;
  private String quoted;

  HoconTokens(String text) {
    this.text = text;
  }

  /** The kind of the present token. */
  Kind kind() {
    return kind;
  }

  /** Where the present token starts. */
  int start() {
    return start;
  }

  /** The white space between the present token and the one before it. */
  String blank() {
    return text.substring(blank, start);
  }

  boolean followsBlank() {
    return blank < start;
  }

  /** What the present token stands for as text. */
  String string() {
    return kind == Kind.QUOTED ? quoted : text.substring(start, end);
  }

  /** The present token, for a message. */
  String shown() {
    return kind.isText() ? "'" + PostedLimits.shown(string()) + "'" : kind.shown;
  }

  /** Goes on to the next token. */
  void advance() {
    blank = end;
    int at = end;
    while (at < text.length() && text.charAt(at) != '\n' && isWhitespace(text.charAt(at))) {
      at++;
    }
    if (startsComment(at)) {
      int line = text.indexOf('\n', at);
      at = line < 0 ? text.length() : line;
      blank = at;
    }
    start = at;
    if (at == text.length()) {
      become(Kind.END, 0);
      return;
    }
    char c = text.charAt(at);
    switch (c) {
      case '\n' -> become(Kind.NEWLINE, 1);
      case ',' -> become(Kind.COMMA, 1);
      case ':' -> become(Kind.COLON, 1);
      case '=' -> become(Kind.EQUALS, 1);
      case '{' -> become(Kind.OPEN_BRACE, 1);
      case '}' -> become(Kind.CLOSE_BRACE, 1);
      case '[' -> become(Kind.OPEN_BRACKET, 1);
      case ']' -> become(Kind.CLOSE_BRACKET, 1);
      case '+' -> plusEquals();
      case '$' -> reference();
      case '"' -> quotedString();
      default -> {
        if (c == '-' || isDigit(c)) {
          number();
        } else {
          unquoted();
        }
      }
    }
  }

  private void become(Kind kind, int length) {
    this.kind = kind;
    end = start + length;
  }

  private void plusEquals() {
    if (!text.startsWith("+=", start)) {
      throw reserved(start);
    }
    become(Kind.PLUS_EQUALS, 2);
  }

  private void reference() {
    if (text.startsWith("${?", start)) {
      become(Kind.OPTIONAL_REFERENCE, 3);
    } else if (text.startsWith("${", start)) {
      become(Kind.REFERENCE, 2);
    } else {
      throw reserved(start);
    }
  }

  private void number() {
    int at = start + 1;
    boolean plus = false;
    while (at < text.length() && isOfNumber(text.charAt(at))) {
      plus |= text.charAt(at) == '+';
      at++;
    }
    become(Kind.NUMBER, at - start);
    if (plus && HoconNumber.read(string()).isEmpty()) {
      throw reserved(text.indexOf('+', start));
    }
  }

  private void unquoted() {
    int at = start;
    while (at < text.length() && isUnquoted(at)) {
      at++;
    }
    if (at == start) {
      throw reserved(start);
    }
    become(Kind.UNQUOTED, at - start);
  }

  private void quotedString() {
    if (text.startsWith("\"\"\"", start)) {
      tripleQuotedString();
      return;
    }
    int at = start + 1;
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') {
      printable(at++);
    }
    if (at < text.length() && text.charAt(at) == '"') {
      quoted = text.substring(start + 1, at);
      become(Kind.QUOTED, at + 1 - start);
    } else {
      escapedString(at);
    }
  }

  /** Reads on from the first backslash of a quoted string. */
  private void escapedString(int from) {
    StringBuilder string = new StringBuilder(text.substring(start + 1, from));
    int at = from;
    while (at < text.length() && text.charAt(at) != '"') {
      if (text.charAt(at) == '\\') {
        at = escape(at + 1, string);
      } else {
        printable(at);
        string.append(text.charAt(at++));
      }
    }
    if (at == text.length()) {
      throw notClosed();
    }
    quoted = string.toString();
    become(Kind.QUOTED, at + 1 - start);
  }

  /** Reads an escape, and says where it ends. */
  private int escape(int at, StringBuilder string) {
    if (at == text.length()) {
      throw notClosed();
    }
    char c = text.charAt(at);
    int simple = "\"\\/bfnrt".indexOf(c);
    if (simple >= 0) {
      string.append("\"\\/\b\f\n\r\t".charAt(simple));
      return at + 1;
    }
    if (c != 'u') {
      throw PostedLimits.refused(
          text,
          at,
          "'\\%s' is no escape; a backslash itself is written '\\\\'"
              .formatted(PostedLimits.shown(String.valueOf(c))));
    }
    int code = 0;
    for (int i = 1; i <= 4; i++) {
      int digit = at + i < text.length() ? Character.digit(text.charAt(at + i), 16) : -1;
      if (digit < 0) {
        throw PostedLimits.refused(text, at, "'\\u' must be followed by four hexadecimal digits");
      }
      code = code * 16 + digit;
    }
    string.append((char) code);
    return at + 5;
  }

  /** The last three of the quotes that end it are no part of it. */
  private void tripleQuotedString() {
    int at = text.indexOf("\"\"\"", start + 3);
    if (at < 0) {
      throw notClosed();
    }
    while (text.startsWith("\"\"\"\"", at)) {
      at++;
    }
    quoted = text.substring(start + 3, at);
    become(Kind.QUOTED, at + 3 - start);
  }

  private void printable(int at) {
    char c = text.charAt(at);
    if (c < ' ') {
      throw PostedLimits.refused(
          text,
          start,
          "a quoted string holds the control character \\u%04x; write it as an escape"
                  .formatted((int) c)
              + (c == '\n' ? ", or put three quotes around the string" : ""));
    }
  }

  private RuntimeException notClosed() {
    return PostedLimits.refused(text, start, "a string that starts here has no closing quote");
  }

  private RuntimeException reserved(int at) {
    return PostedLimits.refused(
        text,
        at,
        "'%s' may stand only in quotes here"
            .formatted(PostedLimits.shown(text.substring(at, at + 1))));
  }

  private boolean isUnquoted(int at) {
    char c = text.charAt(at);
    if (c == '/') {
      return !startsComment(at);
    }
    return c < PLAIN.length ? PLAIN[c] : !isWhitespace(c);
  }

  private boolean startsComment(int at) {
    return at < text.length() && (text.charAt(at) == '#' || text.startsWith("//", at));
  }

  private static boolean isOfNumber(char c) {
    return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** The byte order mark is white space, too, and so are the spaces at which no line breaks. */
  private static boolean isWhitespace(char c) {
    if (c > ' ' && c < '\u007F') {
      return false;
    }
    return switch (c) {
      case '\u00A0', '\u2007', '\u202F', '\uFEFF' -> true;
      default -> Character.isWhitespace(c);
    };
  }
}
