package spark.jobserver.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Counters;
import spark.jobserver.api.server.JobObserver;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;

/**
 * Counts what becomes of contexts and jobs. Every name is there from the beginning. Methods may be
 * called from any thread.
 */
@Component(service = {Counters.class, Measured.class, ServerCounters.class})
public final class ServerCounters implements Counters, Measured {
  private static final Logger LOG = LoggerFactory.getLogger(ServerCounters.class);

  private static final String CONTEXTS = "contexts.";
  private static final String JOBS = "jobs.";

  private final Map<String, LongAdder> counts = new TreeMap<>();

  /** Whoever wants to know how jobs end. */
  @Reference private volatile List<JobObserver> observers = List.of();

  /** The classes of those that failed when they were told last. */
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** All at zero. */
  public ServerCounters() {
    for (ContextState state : ContextState.values()) {
      counts.put(name(CONTEXTS, state), new LongAdder());
    }
    for (JobState state : JobState.values()) {
      counts.put(name(JOBS, state), new LongAdder());
    }
  }

  /** A context has come into a state. */
  public void count(ContextState state) {
    counts.get(name(CONTEXTS, state)).increment();
  }

  /** A job has come into a state. */
  public void count(JobState state) {
    counts.get(name(JOBS, state)).increment();
  }

  /** Tells these from now on. */
  public void observers(List<JobObserver> those) {
    observers = List.copyOf(those);
  }

  /** A job has come into a final state. */
  public void ended(JobState state, JobObserver.Times times) {
    count(state);
    for (JobObserver observer : observers) {
      try {
        observer.ended(state, times);
        failing.remove(observer.getClass().getName());
      } catch (Throwable e) { // whatever a plugin throws: others wait for the job's end
        logOnce(observer.getClass().getName(), e);
      }
    }
  }

  /** Once until it works again, for jobs may end all the time. */
  private void logOnce(String observer, Throwable failure) {
    if (failing.add(observer)) {
      LOG.warn("{} failed", observer, failure);
    }
  }

  private static String name(String of, Enum<?> state) {
    return of + label(state);
  }

  private static String label(Enum<?> state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> now = new TreeMap<>();
    counts.forEach((name, count) -> now.put(name, count.sum()));
    return now;
  }

  @Override
  public List<Measurement> measurements() {
    List<Measurement> now = new ArrayList<>();
    for (ContextState state : ContextState.values()) {
      now.add(counted("jobserver_contexts_entered", "Contexts", CONTEXTS, state));
    }
    for (JobState state : JobState.values()) {
      now.add(counted("jobserver_jobs_entered", "Jobs", JOBS, state));
    }
    return now;
  }

  private Measurement counted(String name, String nouns, String prefix, Enum<?> state) {
    return Measurement.counter(
        name,
        nouns + " that have come into a state since the server's start",
        Map.of("state", label(state)),
        counts.get(name(prefix, state)).sum());
  }
}
