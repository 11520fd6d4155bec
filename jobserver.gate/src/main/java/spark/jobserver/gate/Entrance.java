package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;

/** Finds out who makes a request, and refuses those that nobody knows. */
final class Entrance {
  private static final Logger LOG = LoggerFactory.getLogger(Entrance.class);

  /** What changes nothing, and has nothing in it that is somebody's. */
  private static final Set<String> ANONYMOUS_PATHS =
      Set.of("/healthz", "/readyz", "/", "/docs/api");

  private static final Set<String> ANONYMOUS_METHODS = Set.of("GET", "HEAD");

  private final Supplier<List<Authenticator>> authenticators;

  /**
   * An entrance.
   *
   * @param authenticators gives those that are there now, in their order
   */
  Entrance(Supplier<List<Authenticator>> authenticators) {
    this.authenticators = authenticators;
  }

  /**
   * Who makes this request; empty for one that anybody may make.
   *
   * @throws Refusal with status 401 when nobody knows the caller, or the credential is wrong; with
   *     429 after too many wrong ones; with 503 while there is nobody to ask
   */
  Optional<Identity> admit(HttpServletRequest request, GatedAnswer answer) {
    List<Authenticator> ways = authenticators.get();
    if (ways.isEmpty()) {
      answer.haveAlso(Map.of("Retry-After", Gate.RETRY_SECONDS));
      throw new Refusal(503, "The server cannot tell yet who may use it. Try again.");
    }
    // As it was written: no other spelling of these paths is anybody's.
    if (ANONYMOUS_METHODS.contains(request.getMethod())
        && ANONYMOUS_PATHS.contains(request.getRequestURI())) {
      return Optional.empty();
    }
    ServletIncomingRequest incoming = new ServletIncomingRequest(request);
    for (Authenticator way : ways) {
      Authentication said = ask(way, incoming);
      if (said instanceof Authentication.Known known) {
        return Optional.of(known.identity());
      }
      if (said instanceof Authentication.Wrong wrong) {
        throw unknown(ways, answer, wrong.text());
      }
      if (said instanceof Authentication.TooMany many) {
        answer.haveAlso(
            Map.of("Retry-After", String.valueOf(many.pause().plusMillis(999).toSeconds())));
        throw new Refusal(429, "There were too many wrong credentials. Try again later.");
      }
      if (said instanceof Authentication.Unavailable unavailable) {
        answer.haveAlso(Map.of("Retry-After", Gate.RETRY_SECONDS));
        throw new Refusal(503, unavailable.text());
      }
    }
    throw unknown(
        ways,
        answer,
        Stream.concat(
                Stream.of("Say who you are: this request has no credential that the server knows."),
                ways.stream().map(Authenticator::advice).filter(advice -> !advice.isEmpty()))
            .distinct()
            .collect(Collectors.joining(" ")));
  }

  /**
   * Whether a request that was admitted would be so now. Who has too much to do to say so takes
   * nothing back.
   *
   * @param allowed whether its caller may make it
   */
  boolean stillAdmits(HttpServletRequest request, Predicate<Identity> allowed) {
    ServletIncomingRequest incoming = new ServletIncomingRequest(request);
    for (Authenticator way : authenticators.get()) {
      Authentication said;
      try {
        said = ask(way, incoming);
      } catch (Refusal e) {
        return false;
      }
      if (said instanceof Authentication.Known known) {
        return allowed.test(known.identity());
      }
      if (!(said instanceof Authentication.Absent)) {
        return !(said instanceof Authentication.Wrong);
      }
    }
    return false;
  }

  private static Authentication ask(Authenticator way, ServletIncomingRequest incoming) {
    try {
      return way.authenticate(incoming);
    } catch (RuntimeException | LinkageError e) {
      LOG.error("{} failed, and a request was refused", way.getClass().getName(), e);
      throw new Refusal(500, "The server could not find out who made the request.");
    }
  }

  private static Refusal unknown(List<Authenticator> ways, GatedAnswer answer, String text) {
    String challenges =
        ways.stream().map(Authenticator::challenge).distinct().collect(Collectors.joining(", "));
    answer.haveAlso(Map.of("WWW-Authenticate", challenges));
    return new Refusal(401, text);
  }
}
