package spark.jobserver.api.server;

import java.time.Duration;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** Is told of every HTTP request, of plugins too. A bundle publishes it as an OSGi service. */
@ConsumerType
public interface RequestObserver {
  /**
   * The attribute of a servlet request in which whoever answers it notes, as a string, by which
   * template of a route it does so. One of few: it never has anything of the caller's in it.
   */
  String ROUTE = "spark.jobserver.route";

  /**
   * The attribute of a servlet request that has its id, a string, by which logs know it: what the
   * caller sent in the header {@code X-Request-Id} or, where that is nothing sane, one of the
   * server's own making.
   */
  String ID = "spark.jobserver.request-id";

  /**
   * The key under which that id stands in the diagnostic context of what is logged (SLF4J's MDC).
   */
  String LOGGED_ID = "request";

  /**
   * A request has been answered. Called by many threads at once; must return at once. What it
   * throws is logged.
   */
  void answered(AnsweredRequest request);

  /**
   * A request with its answer.
   *
   * @param method as it was taken, which a query parameter may have said; any text
   * @param route by which template it was answered, such as {@code /jobs/{jobId}}; empty when the
   *     gate refused it, or nothing that tells its template answered it
   * @param refused whether the gate refused it
   * @param status of the answer
   * @param took from when its head was read to when its answer was complete
   */
  record AnsweredRequest(
      String method, Optional<String> route, boolean refused, int status, Duration took) {}
}
