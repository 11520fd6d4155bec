package spark.jobserver.api;

import java.util.Objects;
import java.util.stream.Stream;

/** Tells a disk that is full from other reasons why something could not be written. */
public final class FullDisk {
  private FullDisk() {}

  /**
   * Whether an error, or one that caused it, has the words of an operating system for a disk or a
   * quota that is full (ENOSPC and EDQUOT of {@code errno(3)}).
   */
  public static boolean isToldBy(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
        .map(cause -> String.valueOf(cause.getMessage()))
        .anyMatch(
            words -> words.contains("No space left on device") || words.contains("quota exceeded"));
  }
}
