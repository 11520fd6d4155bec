package spark.jobserver.python.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.sql.Dataset;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;

/**
 * Describes the objects that jobs share by name, without unpickling any. What a worker keeps is a
 * list: a mark, the kind, the name of a value's class, the object itself, and what only Python
 * reads. All else is bare; of that a Dataset is read as a DataFrame, by workers too.
 */
final class NamedObjects {
  private static final String MARK = "sparkjobserver";
  private static final int PARTS = 5;

  private final Map<?, ?> entries;
  private final SparkContext spark;

  /**
   * @param entries the map that workers keep them in
   */
  NamedObjects(Map<?, ?> entries, SparkContext spark) {
    this.entries = entries;
    this.spark = spark;
  }

  /** What there is at this moment, in any order. */
  List<NamedObject> list() {
    HeldData held = new HeldData(spark);
    List<NamedObject> objects = new ArrayList<>();
    entries.forEach((name, entry) -> objects.add(describe(String.valueOf(name), entry, held)));
    return objects;
  }

  private static NamedObject describe(String name, Object entry, HeldData held) {
    if (entry instanceof List<?> parts && parts.size() == PARTS && MARK.equals(parts.get(0))) {
      Optional<Kind> kind = Kind.ofLabel(String.valueOf(parts.get(1)));
      if (kind.isPresent()) {
        return kept(name, kind.get(), String.valueOf(parts.get(2)), parts.get(3), held);
      }
    }
    return entry instanceof Dataset<?> frame
        ? new NamedObject(name, Kind.DATAFRAME, Optional.empty(), held.of(frame))
        : new NamedObject(
            name, Kind.OBJECT, Optional.of(entry.getClass().getName()), OptionalLong.empty());
  }

  private static NamedObject kept(
      String name, Kind kind, String className, Object content, HeldData held) {
    OptionalLong size = OptionalLong.empty();
    if (content instanceof byte[] pickled) {
      size = OptionalLong.of(pickled.length);
    } else if (content instanceof Dataset<?> frame) {
      size = held.of(frame);
    } else if (content instanceof JavaRDDLike<?, ?> rdd) {
      size = held.of(rdd.rdd());
    }
    return new NamedObject(
        name, kind, Optional.of(className).filter(known -> !known.isEmpty()), size);
  }
}
