package spark.jobserver.core;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Counters;

/**
 * Counts what becomes of contexts and jobs. Every name is there from the beginning. Methods may be
 * called from any thread.
 */
@Component(service = {Counters.class, ServerCounters.class})
public final class ServerCounters implements Counters {
  private static final String CONTEXTS = "contexts.";
  private static final String JOBS = "jobs.";

  private final Map<String, LongAdder> counts = new TreeMap<>();

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

  private static String name(String of, Enum<?> state) {
    return of + state.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> now = new TreeMap<>();
    counts.forEach((name, count) -> now.put(name, count.sum()));
    return now;
  }
}
