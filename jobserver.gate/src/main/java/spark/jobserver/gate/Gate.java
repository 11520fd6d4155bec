package spark.jobserver.gate;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.service.servlet.whiteboard.Preprocessor;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.api.server.Standing;

/**
 * What every request passes before the whiteboard chooses who answers it. Called by many threads at
 * once.
 */
final class Gate implements Preprocessor {
  /** What changes nothing: RFC 9110, section 9.2.1. */
  static final Set<String> SAFE_METHODS = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  /** After how many seconds to come again. */
  static final String RETRY_SECONDS = "5";

  private final Entrance entrance;
  private final Consumer<ServletContext> container;
  private volatile Optional<Rules> rules;

  /**
   * A gate.
   *
   * @param container is told of the servlet container when it has begun, and throws nothing
   */
  Gate(Entrance entrance, Rules rules, Consumer<ServletContext> container) {
    this.entrance = entrance;
    this.container = container;
    this.rules = Optional.of(rules);
  }

  /** What it goes by. */
  record Rules(ServedHosts hosts, Cors cors) {}

  /** Goes by these rules from now on. */
  void adopt(Rules next) {
    rules = Optional.of(next);
  }

  /** Lets nothing through from now on. */
  void shut() {
    rules = Optional.empty();
  }

  /**
   * Throws nothing: the whiteboard goes on without a preprocessor that does, and requests would
   * find no gate.
   */
  @Override
  public void init(FilterConfig config) {
    JettyErrors.replaceThoseOf(config.getServletContext());
    container.accept(config.getServletContext());
  }

  @Override
  public void destroy() {
    // It holds nothing.
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      pass((HttpServletRequest) request, (HttpServletResponse) response, chain);
    } else {
      // It has passed, and is taken up again by what is behind the gate.
      chain.doFilter(request, response);
    }
  }

  private void pass(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    GatedAnswer answer = new GatedAnswer(response);
    answer.haveAlso(Map.of(RequestId.HEADER, (String) request.getAttribute(RequestObserver.ID)));
    Optional<HttpServletRequest> passed;
    try {
      passed = passed(request, answer);
    } catch (Refusal refusal) {
      refusal.answer(answer);
      return;
    }
    if (passed.isPresent()) {
      chain.doFilter(passed.get(), answer);
      complete(passed.get(), answer);
    }
  }

  /** What Jersey cannot read it refuses without a word. */
  private static void complete(HttpServletRequest request, GatedAnswer answer) throws IOException {
    if (!request.isAsyncStarted() && answer.getStatus() == 400 && !answer.isBegun()) {
      new Refusal(
              400,
              "The request was malformed: its URI, its Content-Type or another of its headers"
                  + " cannot be read.")
          .answer(answer);
    }
  }

  /** The request for those behind the gate; empty when it is answered here. */
  private Optional<HttpServletRequest> passed(HttpServletRequest request, GatedAnswer answer) {
    Rules current = rules.orElseThrow(() -> isShut(answer));
    checkFraming(request, answer);
    ContentType.check(request.getContentType());
    current.hosts().check(request.getServerName());
    Cors cors = current.cors();
    answer.haveAlso(cors.headers(request));
    if (cors.isAsked(request)) {
      cors.answer(request, answer);
      return Optional.empty();
    }
    Optional<Identity> caller = entrance.admit(request, answer);
    caller.ifPresent(identity -> request.setAttribute(ObservedRequest.CALLER, identity));
    if (caller.filter(Identity::ambient).isPresent()) {
      checkPage(request, cors);
    }
    HttpServletRequest identified =
        caller
            .<HttpServletRequest>map(identity -> new IdentifiedRequest(request, identity))
            .orElse(request);
    HttpServletRequest passed =
        override(request)
            .<HttpServletRequest>map(found -> new OverriddenRequest(identified, found))
            .orElse(identified);
    if (caller.isPresent()) {
      Caller admitted = Permissions.check(caller.get(), passed);
      Standing standing =
          () -> entrance.stillAdmits(request, now -> Permissions.allow(now, passed, admitted));
      passed.setAttribute(Caller.ATTRIBUTE, admitted);
      passed.setAttribute(Standing.ATTRIBUTE, standing);
    }
    return Optional.of(passed);
  }

  /**
   * Refuses what a page of another origin may not do with what its browser sends by itself: change
   * something, or read an answer that "*" would let it see. A page that has a token has been given
   * it.
   */
  private static void checkPage(HttpServletRequest request, Cors cors) {
    boolean onlyReads =
        SAFE_METHODS.contains(request.getMethod()) && request.getHeader("Upgrade") == null;
    if (ForeignPage.made(request)
        && !cors.allowsAmbient(request)
        && (!onlyReads || cors.isReadable(request))) {
      throw new Refusal(
          403,
          "A page of another origin may only read, as long as its origin is not in "
              + Origins.KEY
              + ".");
    }
  }

  /**
   * HTTP/1.0 has no chunks: a proxy may see another end of such a request than the server does, so
   * what follows on the connection is not to be trusted (RFC 9112, section 6.1).
   */
  private static void checkFraming(HttpServletRequest request, GatedAnswer answer) {
    if (request.getProtocol().equals("HTTP/1.0")
        && request.getHeader("Transfer-Encoding") != null) {
      answer.haveAlso(Map.of("Connection", "close"));
      throw new Refusal(400, "A request of HTTP/1.0 may not have a Transfer-Encoding.");
    }
  }

  private static Refusal isShut(GatedAnswer answer) {
    answer.haveAlso(Map.of("Retry-After", RETRY_SECONDS));
    return new Refusal(503, "The server is stopping or changing. Try again.");
  }

  private static Optional<MethodOverride> override(HttpServletRequest request) {
    return request.getMethod().equals("POST")
        ? Optional.ofNullable(request.getQueryString()).flatMap(MethodOverride::in)
        : Optional.empty();
  }
}
