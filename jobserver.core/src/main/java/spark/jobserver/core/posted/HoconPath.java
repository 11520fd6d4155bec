package spark.jobserver.core.posted;

import java.util.ArrayList;
import java.util.List;

/** Puts a path together: keys with points between them, of which each may be partly quoted. */
final class HoconPath {
  private final String text;
  private final int start;
  private final List<String> keys = new ArrayList<>(1);
  private final StringBuilder key = new StringBuilder();
  private boolean quoted;

  /**
   * @param text the whole text, for a message
   * @param start where the path starts in it
   */
  HoconPath(String text, int start) {
    this.text = text;
    this.start = start;
  }

  /** Adds what stands next. Points in quotes separate nothing. */
  void add(String part, boolean inQuotes) {
    if (inQuotes) {
      key.append(part);
      quoted = true;
      return;
    }
    int from = 0;
    for (int point = part.indexOf('.'); point >= 0; point = part.indexOf('.', from)) {
      key.append(part, from, point);
      finish();
      from = point + 1;
    }
    key.append(part, from, part.length());
  }

  /** All keys. */
  List<String> keys() {
    finish();
    return keys;
  }

  private void finish() {
    if (key.isEmpty() && !quoted) {
      throw PostedLimits.refused(
          text, start, "a path has a point without a key beside it; an empty key is written \"\"");
    }
    keys.add(key.toString());
    if (keys.size() > PostedLimits.LEVELS) {
      throw PostedLimits.tooDeep(text, start);
    }
    key.setLength(0);
    quoted = false;
  }
}
