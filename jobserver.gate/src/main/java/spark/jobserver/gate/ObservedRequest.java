package spark.jobserver.gate;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.api.server.RequestObserver.AnsweredRequest;

/**
 * A request from when it comes to when its answer is complete, which the container may say on
 * another thread. What it says of an answer is told once.
 */
final class ObservedRequest implements AsyncListener {
  /** The attribute of a request in which the gate notes whose it is. */
  static final String CALLER = "spark.jobserver.identity";

  private final long begun = System.nanoTime();
  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final Consumer<AnsweredRequest> answered;
  private final String id;
  private final String client;
  private final String path;
  private final AtomicBoolean told = new AtomicBoolean();
  private Optional<HttpServletRequest> passed = Optional.empty();

  /** What was so when the thread that brought it left it; later it may be another's. */
  private volatile String method = "";

  private volatile Optional<String> route = Optional.empty();

  private volatile Optional<Identity> caller = Optional.empty();

  ObservedRequest(
      HttpServletRequest request,
      HttpServletResponse response,
      Consumer<AnsweredRequest> answered) {
    this.request = request;
    this.response = response;
    this.answered = answered;
    this.id = RequestId.of(request);
    this.client = request.getRemoteAddr() + ":" + request.getRemotePort();
    this.path = request.getRequestURI();
    request.setAttribute(RequestObserver.ID, id);
  }

  /** By which logs know it. */
  String id() {
    return id;
  }

  /** The gate lets it through, as this. */
  void passed(HttpServletRequest as) {
    passed = Optional.of(as);
  }

  /**
   * Everybody is done with it, or somebody will answer it later.
   *
   * @param failed whether an exception ends it, of which the container makes the answer
   */
  void left(boolean failed) {
    method = passed.orElse(request).getMethod();
    route = Optional.ofNullable(request.getAttribute(RequestObserver.ROUTE)).map(Object::toString);
    caller = Optional.ofNullable((Identity) request.getAttribute(CALLER));
    if (failed) {
      tell(response.isCommitted() ? response.getStatus() : 500);
    } else if (!request.isAsyncStarted() || !isHeard()) {
      tell(response.getStatus());
    }
  }

  /** Whether the container says when it is answered; not when it is already. */
  private boolean isHeard() {
    try {
      request.getAsyncContext().addListener(this);
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private void tell(int status) {
    if (told.compareAndSet(false, true)) {
      Duration took = Duration.ofNanos(System.nanoTime() - begun);
      boolean refused = passed.isEmpty() && status >= 400;
      if (refused || !Gate.SAFE_METHODS.contains(method)) {
        new AuditLine(id, caller, client, method, path, refused, status, took).write();
      }
      // After that: nothing that observes may keep a line from the audit log.
      answered.accept(new AnsweredRequest(method, route, refused, status, took));
    }
  }

  @Override
  public void onComplete(AsyncEvent event) {
    tell(response.getStatus());
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    // It is completed after that.
  }

  @Override
  public void onError(AsyncEvent event) {
    // It is completed after that.
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    event.getAsyncContext().addListener(this);
  }
}
