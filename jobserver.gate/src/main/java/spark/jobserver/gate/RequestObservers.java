package spark.jobserver.gate;

import java.util.List;
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

  /** Tells all of them. */
  void answered(AnsweredRequest request) {
    for (RequestObserver observer : observers) {
      try {
        observer.answered(request);
      } catch (RuntimeException | LinkageError e) {
        LOG.warn("{} failed", observer.getClass().getName(), e);
      }
    }
  }
}
