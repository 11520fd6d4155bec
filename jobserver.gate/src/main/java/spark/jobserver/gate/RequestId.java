package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** By which logs know a request, and what it leads to, in all processes. */
final class RequestId {
  static final String HEADER = "X-Request-Id";

  /** What can stand in any log as it is: no more than ids need. */
  private static final Pattern SANE = Pattern.compile("[A-Za-z0-9._:+/=-]{1,64}");

  private RequestId() {}

  /** What its caller sent, where that is sane, or a new one. */
  static String of(HttpServletRequest request) {
    return Optional.ofNullable(request.getHeader(HEADER))
        .filter(sent -> SANE.matcher(sent).matches())
        .orElseGet(RequestId::made);
  }

  /** Another one for each; it needs to be no secret. */
  private static String made() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return "%016x%016x".formatted(random.nextLong(), random.nextLong());
  }
}
