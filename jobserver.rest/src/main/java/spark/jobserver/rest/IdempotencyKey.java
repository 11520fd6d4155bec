package spark.jobserver.rest;

import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import spark.jobserver.api.server.Jobs.SubmissionKey;

/**
 * The header {@code Idempotency-Key}, by which a client may send a request again when it has lost
 * the answer (the IETF draft "The Idempotency-Key HTTP Header Field").
 */
final class IdempotencyKey {
  static final String HEADER = "Idempotency-Key";
  private static final int LONGEST = 255;

  private IdempotencyKey() {}

  /**
   * The key of a request.
   *
   * @param query of which everything tells the request from another
   * @throws Rejection when the key is empty or too long
   */
  static Optional<SubmissionKey> of(Request request, Query query) {
    return request
        .header(HEADER)
        .map(IdempotencyKey::checked)
        .map(key -> new SubmissionKey(request.caller().name(), key, canonical(query)));
  }

  private static String checked(String header) {
    String key = header.strip();
    if (key.isEmpty() || key.length() > LONGEST) {
      throw new Rejection(
          400, "The header " + HEADER + " must have 1 to " + LONGEST + " characters");
    }
    return key;
  }

  private static String canonical(Query query) {
    return new TreeMap<>(query.all())
        .entrySet().stream()
            .map(entry -> length(entry.getKey()) + length(entry.getValue()))
            .collect(Collectors.joining());
  }

  private static String length(String text) {
    return text.length() + ":" + text;
  }
}
