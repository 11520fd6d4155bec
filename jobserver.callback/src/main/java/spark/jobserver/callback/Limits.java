package spark.jobserver.callback;

import java.time.Duration;

/**
 * How long one try may take.
 *
 * @param connect how long each address of the host has to accept a connection
 * @param answer how long it may take from the first step to the end of the answer
 * @param perMebibyte how much longer for each mebibyte that is sent
 */
record Limits(Duration connect, Duration answer, Duration perMebibyte) {
  static final Limits USUAL =
      new Limits(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(1));

  /** How long it may take in all, with so many bytes to send. */
  Duration whole(long bytes) {
    return answer.plus(perMebibyte.multipliedBy(bytes >> 20));
  }
}
