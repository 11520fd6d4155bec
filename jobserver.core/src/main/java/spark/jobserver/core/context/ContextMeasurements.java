package spark.jobserver.core.context;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.context.WorkerCount;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;

/** Tells how many contexts there are, and how many jobs and workers in them. */
@Component(service = Measured.class)
public final class ContextMeasurements implements Measured {
  private final ContextSupervisor supervisor;

  @Activate
  public ContextMeasurements(@Reference ContextSupervisor supervisor) {
    this.supervisor = supervisor;
  }

  @Override
  public List<Measurement> measurements() {
    List<LiveContext> contexts = supervisor.all();
    List<Measurement> now = new ArrayList<>();
    for (ContextState state : ContextState.values()) {
      if (!state.isFinal()) {
        now.add(
            Measurement.gauge(
                "jobserver_contexts",
                "Contexts that are not final",
                Map.of("state", state.name().toLowerCase(Locale.ROOT)),
                contexts.stream().filter(one -> one.context().state() == state).count()));
      }
    }
    long live = 0;
    long running = 0;
    long waiting = 0;
    long inUse = 0;
    for (LiveContext context : contexts) {
      ContextJobs.Count count = context.jobs().count();
      live += count.live();
      running += count.running();
      WorkerCount workers = context.workers();
      waiting += workers.waiting();
      inUse += workers.inUse();
    }
    now.add(jobs("running", running));
    now.add(jobs("preparing", live - running));
    now.add(workers("waiting", waiting));
    now.add(workers("in_use", inUse));
    return now;
  }

  private static Measurement workers(String state, long count) {
    return Measurement.gauge(
        "jobserver_workers",
        "Workers of contexts whose drivers are in reach: waiting for a job, and having one",
        Map.of("state", state),
        count);
  }

  private static Measurement jobs(String state, long count) {
    return Measurement.gauge(
        "jobserver_jobs",
        "Jobs that are not final: running, and not yet known to run",
        Map.of("state", state),
        count);
  }
}
