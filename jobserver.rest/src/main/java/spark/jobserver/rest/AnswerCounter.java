package spark.jobserver.rest;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/** Counts the answers by the class of their status. Called by many threads at once. */
@Component(service = {ContainerResponseFilter.class, AnswerCounter.class})
@JakartarsExtension
@JakartarsName("jobserver.counter")
public final class AnswerCounter implements ContainerResponseFilter {
  private static final int CLASSES = 6;

  private final AtomicLongArray counts = new AtomicLongArray(CLASSES);

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext answer) {
    count(answer.getStatus());
  }

  /** Counts an answer, also one that goes past Jersey. */
  void count(int status) {
    int statusClass = status / 100;
    if (statusClass > 0 && statusClass < CLASSES) {
      counts.incrementAndGet(statusClass);
    }
  }

  /** The counts by name, such as {@code rest.answers.2xx}. */
  Map<String, Long> counters() {
    Map<String, Long> named = new TreeMap<>();
    for (int statusClass = 2; statusClass < CLASSES; statusClass++) {
      named.put("rest.answers." + statusClass + "xx", counts.get(statusClass));
    }
    return named;
  }
}
