package spark.jobserver.rest;

/**
 * An answer in words: what became of a request, or a plain error.
 *
 * @param status {@code SUCCESS}, or what failed
 * @param result the words
 */
record Message(String status, String result) {
  /** It worked, and this is to say of it. */
  static Message success(String result) {
    return new Message("SUCCESS", result);
  }

  /** It did not work, and this is why. */
  static Message error(String result) {
    return new Message("ERROR", result);
  }
}
