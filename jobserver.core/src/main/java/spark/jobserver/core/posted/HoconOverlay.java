package spark.jobserver.core.posted;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Two objects, the one over the other. What both have is put together when it is asked for. */
final class HoconOverlay extends HoconValue.Members {
  private final HoconValue.Members upper;
  private final HoconValue.Members lower;
  private final int layers;
  private final Map<String, HoconValue> values = new HashMap<>();

  private HoconOverlay(HoconValue.Members upper, HoconValue.Members lower) {
    this.upper = upper;
    this.lower = lower;
    this.layers = layers(upper) + layers(lower);
    if (layers > PostedLimits.LEVELS) {
      throw PostedLimits.refused(
          "an object is put together of more than %d others, which are the most"
              .formatted(PostedLimits.LEVELS));
    }
  }

  /** An object over another, unless that is hidden, or part of it already. */
  static HoconValue.Members of(HoconValue.Members upper, HoconValue.Members lower) {
    return upper.hides() || contains(upper, lower) ? upper : new HoconOverlay(upper, lower);
  }

  /** An object over a value that is none, and so hides what was before that. */
  static HoconValue.Members hiding(HoconValue.Members upper) {
    HoconValue.Literal nothing = new HoconValue.Literal();
    nothing.hide();
    return of(upper, nothing);
  }

  /** A value over another; either may be null, for none. */
  private static HoconValue of(HoconValue upper, HoconValue lower) {
    if (upper == null || lower == null) {
      return upper == null ? lower : upper;
    }
    boolean object = upper instanceof HoconValue.Members;
    if (upper instanceof HoconField || (object && lower instanceof HoconField)) {
      return new HoconField(List.of(lower, upper));
    }
    if (!object) {
      return upper;
    }
    return lower instanceof HoconValue.Members below
        ? of((HoconValue.Members) upper, below)
        : hiding((HoconValue.Members) upper);
  }

  private static boolean contains(HoconValue.Members whole, HoconValue.Members part) {
    HoconValue.Members at = whole;
    while (at != part && at instanceof HoconOverlay overlay) {
      if (overlay.upper == part) {
        return true;
      }
      at = overlay.lower;
    }
    return at == part;
  }

  /** Of how many objects an object is put together. */
  static int layers(HoconValue.Members object) {
    return object instanceof HoconOverlay overlay ? overlay.layers : 1;
  }

  @Override
  HoconValue get(String key) {
    HoconValue value = values.get(key);
    if (value == null) {
      value = of(upper.get(key), lower.get(key));
      if (value != null) {
        values.put(key, value);
      }
    }
    return value;
  }

  @Override
  Set<String> keys() {
    Set<String> keys = new LinkedHashSet<>();
    collect(this, keys);
    return keys;
  }

  private static void collect(HoconValue.Members object, Set<String> keys) {
    if (object instanceof HoconOverlay overlay) {
      collect(overlay.lower, keys);
      collect(overlay.upper, keys);
    } else {
      keys.addAll(object.keys());
    }
  }

  @Override
  boolean hides() {
    return lower.hides();
  }

  @Override
  boolean hasHiding() {
    return upper.hasHiding() || lower.hasHiding();
  }

  @Override
  public boolean isOpen() {
    return true;
  }
}
