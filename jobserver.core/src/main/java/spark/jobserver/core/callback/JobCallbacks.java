package spark.jobserver.core.callback;

import static org.osgi.service.component.annotations.ReferenceCardinality.OPTIONAL;
import static org.osgi.service.component.annotations.ReferencePolicy.DYNAMIC;
import static org.osgi.service.component.annotations.ReferencePolicyOption.GREEDY;

import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.Callbacks;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.store.ActiveStore;

/**
 * Sees to it that callbacks are made: each is on record from the submission of its job until it was
 * told or given up, so that a server that starts goes on where an earlier one was stopped. Methods
 * may be called from any thread.
 */
@Component(service = JobCallbacks.class)
public final class JobCallbacks {
  private static final Logger LOG = LoggerFactory.getLogger(JobCallbacks.class);

  private final JobDao dao;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread worker = new Thread(work, "core-callbacks");
            worker.setDaemon(true);
            return worker;
          });

  /** The ids of the jobs whose callbacks are being made. */
  private final Set<String> underWay = ConcurrentHashMap.newKeySet();

  /** Whether one could not be taken, and is to be tried again when another is done. */
  private final AtomicBoolean refused = new AtomicBoolean();

  private volatile Callbacks callbacks;

  @Activate
  public JobCallbacks(@Reference ActiveStore store) {
    this(store.dao());
  }

  public JobCallbacks(JobDao dao) {
    this.dao = dao;
  }

  /** What makes calls has come: what is pending is told. */
  @Reference(
      service = Callbacks.class,
      cardinality = OPTIONAL,
      policy = DYNAMIC,
      policyOption = GREEDY)
  void bind(Callbacks service) {
    callbacks = service;
    refused.set(false);
    thread.execute(this::resume);
  }

  void unbind(Callbacks service) {
    if (callbacks == service) {
      callbacks = null;
    }
  }

  private void resume() {
    try {
      for (String id : dao.pendingCallbacks()) {
        Optional<String> url = dao.callback(id);
        Optional<Job> job = dao.job(id);
        if (url.isPresent() && job.isPresent()) {
          tell(url.get(), job.get());
        }
        if (refused.get()) {
          return; // it comes back when there is room
        }
      }
    } catch (RuntimeException e) {
      LOG.warn("pending callbacks cannot be read; they stay on record", e);
    }
  }

  /**
   * Checks the URL that a submission asks to call.
   *
   * @throws JobserverException {@link ErrorCode#CALLBACK}
   */
  public void check(String url) {
    URI checked = service().check(url);
    LOG.debug("{} may be called", checked.getHost()); // its path may be a secret
  }

  private Callbacks service() {
    Callbacks service = callbacks;
    if (service == null) {
      throw new JobserverException(
          ErrorCode.UNAVAILABLE, "Callbacks are not available now. Try again.");
    }
    return service;
  }

  /** A job ends in a way that nobody shall be told of. To be called before that is on record. */
  public void forget(String jobId) {
    dao.forgetCallback(jobId);
  }

  /** A job with a callback has ended, which is on record. */
  public void ended(String url, Job job) {
    try {
      thread.execute(() -> tell(url, job));
    } catch (RejectedExecutionException e) {
      LOG.debug("job {}: its callback is left to the next server", job.id(), e);
    }
  }

  private void tell(String url, Job job) {
    Callbacks service = callbacks;
    if (service == null || !underWay.add(job.id())) {
      return; // it stays on record, until there is one; or it is told already
    }
    try {
      if (dao.callback(job.id()).isEmpty()) {
        underWay.remove(job.id()); // it was told while this was on its way here
        return;
      }
      service
          .tell(url, job, dao.result(job.id()))
          .whenComplete((told, error) -> tried(job.id(), told, error));
    } catch (RuntimeException e) {
      tried(job.id(), false, e);
    }
  }

  /** A callback was made, was given up, or could not be taken, as when too many wait already. */
  private void tried(String jobId, Boolean told, Throwable error) {
    if (error != null) {
      underWay.remove(jobId);
      LOG.debug("job {}: its callback stays on record", jobId, error);
      refused.set(true);
      return;
    }
    LOG.info("job {}: its callback was {}", jobId, told ? "made" : "given up");
    forgotten(jobId);
    underWay.remove(jobId);
    if (refused.getAndSet(false)) {
      try {
        thread.execute(this::resume);
      } catch (RejectedExecutionException e) {
        LOG.debug("callbacks are left to the next server", e);
      }
    }
  }

  private void forgotten(String jobId) {
    try {
      dao.forgetCallback(jobId);
    } catch (RuntimeException e) {
      LOG.warn("job {}: that its callback was made cannot be stored", jobId, e);
    }
  }

  @Deactivate
  void stop() {
    thread.shutdownNow();
  }
}
