package spark.jobserver.gate;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.api.server.RequestObserver.AnsweredRequest;

/** Whoever wants to know of requests, as they come and go. May be told by many threads at once. */
@Component(service = RequestObservers.class)
public final class RequestObservers {
  private static final Logger LOG = LoggerFactory.getLogger(RequestObservers.class);

  @Reference volatile List<RequestObserver> observers = List.of();

  /** The classes of those that failed when they were told last. */
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** Tells all of them. */
  void answered(AnsweredRequest request) {
    for (RequestObserver observer : observers) {
      try {
        observer.answered(request);
        failing.remove(observer.getClass().getName());
      } catch (Throwable e) { // whatever a plugin throws
        logOnce(observer.getClass().getName(), e);
      }
    }
  }

  /** Once until it works again, for it is told of every request. */
  private void logOnce(String observer, Throwable failure) {
    if (failing.add(observer)) {
      LOG.warn("{} failed", observer, failure);
    }
  }
}
