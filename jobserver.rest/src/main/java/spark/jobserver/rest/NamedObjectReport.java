package spark.jobserver.rest;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Optional;
import java.util.OptionalLong;
import spark.jobserver.api.NamedObject;

/**
 * Something that the jobs of a context share by a name. What is not known is left out.
 *
 * @param kind {@code dataframe}, {@code rdd}, {@code value} or {@code object}
 * @param className the qualified name of its class
 * @param bytes how large it is
 */
record NamedObjectReport(
    String name,
    String kind,
    @JsonIgnore Optional<String> className,
    @JsonIgnore OptionalLong bytes) {
  static NamedObjectReport of(NamedObject object) {
    return new NamedObjectReport(
        object.name(), object.kind().label(), object.className(), object.size());
  }

  /** The class as Jackson takes it: under its key, and null where the key shall not be. */
  @JsonProperty("class")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  String shownClass() {
    return className.orElse(null);
  }

  /** The size as Jackson takes it: null where the key shall not be. */
  @JsonProperty("size")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  Long shownSize() {
    return bytes.isPresent() ? Long.valueOf(bytes.getAsLong()) : null;
  }
}
