package spark.jobserver.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import spark.jobserver.api.Binary;

/**
 * A binary, told alone.
 *
 * @param name what it was uploaded as
 * @param type {@code Egg} or {@code Wheel}
 * @param uploadTime when its latest version was uploaded, in UTC
 */
record BinaryReport(
    @JsonProperty("app-name") String name,
    @JsonProperty("binary-type") String type,
    @JsonProperty("upload-time") String uploadTime) {

  static BinaryReport of(Binary binary) {
    return new BinaryReport(binary.name(), binary.type().label(), Times.utc(binary.uploadTime()));
  }

  /**
   * A binary in the list, whose key is its name.
   *
   * @param type as in {@link BinaryReport}
   * @param uploadTime as in {@link BinaryReport}
   */
  record Entry(
      @JsonProperty("binary-type") String type, @JsonProperty("upload-time") String uploadTime) {

    static Entry of(Binary binary) {
      return new Entry(binary.type().label(), Times.utc(binary.uploadTime()));
    }
  }
}
