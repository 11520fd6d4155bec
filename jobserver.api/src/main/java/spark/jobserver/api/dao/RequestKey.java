package spark.jobserver.api.dao;

import static java.util.Objects.requireNonNull;

/**
 * The key that a caller has given to a request, so that it can be repeated without doing its work
 * twice (the header {@code Idempotency-Key}).
 *
 * @param caller whose key it is; others may use the same text
 * @param key the caller's text
 * @param request the SHA-256 of the request, by which another request with the same key is told
 */
public record RequestKey(String caller, String key, String request) {
  public RequestKey {
    requireNonNull(caller, "caller");
    requireNonNull(key, "key");
    requireNonNull(request, "request");
  }
}
