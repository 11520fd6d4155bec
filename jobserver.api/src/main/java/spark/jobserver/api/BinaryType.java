package spark.jobserver.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What kind of Python archive a binary is. */
public enum BinaryType {
  EGG("Egg", ".egg", Set.of("application/python-archive", "application/python-egg")),
  WHEEL("Wheel", ".whl", Set.of("application/python-wheel"));

  private final String label;
  private final String suffix;
  private final Set<String> mediaTypes;

  BinaryType(String label, String suffix, Set<String> mediaTypes) {
    this.label = label;
    this.suffix = suffix;
    this.mediaTypes = mediaTypes;
  }

  /** The name that the REST API and databases use, for example {@code Egg}. */
  public String label() {
    return label;
  }

  /** The ending of a file of this type, with its dot. */
  public String suffix() {
    return suffix;
  }

  /** The type that a media type without parameters stands for, in any case. */
  public static Optional<BinaryType> ofMediaType(String mediaType) {
    String wanted = mediaType.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(type -> type.mediaTypes.contains(wanted)).findFirst();
  }

  /**
   * The type with this label.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static BinaryType ofLabel(String label) {
    return Arrays.stream(values())
        .filter(type -> type.label.equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no binary type is called " + label));
  }
}
