package spark.jobserver.rest;

/** How the bytes of a log are cut into the lines of events. */
final class LogLines {
  private LogLines() {}

  /** How many of the bytes are whole lines. */
  static int whole(byte[] text) {
    for (int i = text.length; i > 0; i--) {
      if (text[i - 1] == '\n') {
        return i;
      }
    }
    return 0;
  }

  /** How many of the bytes are whole characters, where they are UTF-8; all where they are not. */
  static int wholeCharacters(byte[] text) {
    int last = text.length - 1;
    while (last > text.length - 4 && last > 0 && (text[last] & 0xc0) == 0x80) {
      last--;
    }
    int needed = needed(text[last]);
    boolean cut = last > 0 && last + needed > text.length;
    return cut ? last : text.length;
  }

  /** How many bytes the character has that begins with this one. */
  private static int needed(byte first) {
    if ((first & 0xe0) == 0xc0) {
      return 2;
    }
    if ((first & 0xf0) == 0xe0) {
      return 3;
    }
    return (first & 0xf8) == 0xf0 ? 4 : 1;
  }

  /**
   * Takes the zeros out of a part of these bytes, where others take their place.
   *
   * @return how many bytes are left
   */
  static int withoutZeros(byte[] bytes, int offset, int length) {
    int end = offset;
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] != 0) {
        bytes[end++] = bytes[i];
      }
    }
    return end - offset;
  }

  /** The lines of a text, whose last line may have no end. */
  static String[] of(String text) {
    String lines = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    return lines.split("\r\n|\r|\n", -1);
  }
}
