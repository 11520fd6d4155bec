package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Something that the jobs of a context share by a name, as one looks at it from outside.
 *
 * @param name what jobs ask for it by
 * @param kind what jobs get who ask for it
 * @param className the qualified name of its class, where that says more than the kind: of an
 *     OBJECT the Java class, of a VALUE the Python class
 * @param size in bytes, where it is known: of a VALUE what it takes as it is kept, of a DATAFRAME
 *     or an RDD what Spark holds of it, in memory and on disks together
 */
public record NamedObject(String name, Kind kind, Optional<String> className, OptionalLong size) {
  public NamedObject {
    requireNonNull(name, "name");
    requireNonNull(kind, "kind");
    requireNonNull(className, "className");
    if (size.isPresent() && size.getAsLong() < 0) {
      throw new IllegalArgumentException("size is " + size.getAsLong());
    }
  }

  /** What kind of thing an object is. */
  public enum Kind {
    /** A DataFrame, which Spark may hold the data of. */
    DATAFRAME,
    /** An RDD, which Spark may hold the data of. */
    RDD,
    /** A value, which each job gets a copy of. */
    VALUE,
    /** A bare object of the driver's JVM. */
    OBJECT;

    /** As it is shown: in lower case. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The kind with this label, if there is one. */
    public static Optional<Kind> ofLabel(String label) {
      return Arrays.stream(values()).filter(kind -> kind.label().equals(label)).findFirst();
    }
  }
}
