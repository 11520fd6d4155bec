package spark.jobserver.core.store;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.Store;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.config.CoreConfig;

/**
 * Publishes {@link ActiveStore} as long as the DAO that the configuration names is there, and holds
 * the server's data: from another one they are copied first. It registers that service itself, for
 * a component's own service is there as long as the component is.
 *
 * <p>A DAO that goes takes the active store with it, and what depends on that, before it ends:
 * nobody uses one that has been stopped.
 */
@Capability(
    namespace = "osgi.service",
    attribute = "objectClass:List<String>='spark.jobserver.core.store.ActiveStore'")
@Component(
    service = Store.class,
    immediate = true,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class ChosenStore implements Store {
  private static final Logger LOG = LoggerFactory.getLogger(ChosenStore.class);

  /** Whose data there are in a folder that has no note: there was no other DAO before the note. */
  private static final String FIRST = "spark.jobserver.io.JobSqlDAO";

  /** For how long something must be wrong before it is logged: bundles start one by one. */
  private static final Duration SETTLED = Duration.ofSeconds(3);

  /** After which time a DAO that cannot be started is tried again. */
  private static final Duration AGAIN = Duration.ofSeconds(10);

  /** How long a DAO that goes waits for what is under way. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final BundleContext bundle;
  private final String chosen;
  private final Path file;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread one = new Thread(work, "core-store");
            one.setDaemon(true);
            return one;
          });

  /** Held while the active store is published or taken back. */
  private final ReentrantLock publishing = new ReentrantLock();

  private Optional<Published> published = Optional.empty(); // guarded by that

  /** The DAOs that are there, by name. Guarded by itself. */
  private final Map<String, NavigableSet<ServiceReference<JobDao>>> present = new HashMap<>();

  /** The pair that could not be moved, until one of them changes. Of the thread alone. */
  private Optional<Attempt> failed = Optional.empty();

  private volatile Optional<String> problem;
  private volatile boolean closed;

  /** Which DAOs a move was tried with. */
  private record Attempt(ServiceReference<JobDao> from, ServiceReference<JobDao> to) {}

  /** The active store, and what it is made of. */
  private record Published(
      ServiceReference<JobDao> reference,
      ActiveStore store,
      ServiceRegistration<ActiveStore> registration) {}

  @Activate
  public ChosenStore(BundleContext bundle, CoreConfig config) {
    this.bundle = bundle;
    this.chosen = config.jobdao();
    this.file = DataFolder.of(bundle).store();
    this.problem = Optional.of(StoreChoice.absent(chosen, "the server is starting"));
    soon(this::decide, Duration.ZERO);
  }

  @Override
  public Optional<String> problem() {
    return problem;
  }

  // The DAOs come and go

  @Reference(
      service = JobDao.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  void bind(ServiceReference<JobDao> reference) {
    if (!(reference.getProperty(JobDao.NAME) instanceof String name)) {
      LOG.warn("a DAO of {} has no name ({})", reference.getBundle(), JobDao.NAME);
      return;
    }
    synchronized (present) {
      present.computeIfAbsent(name, one -> new TreeSet<>()).add(reference);
    }
    soon(this::decide, Duration.ZERO);
  }

  void unbind(ServiceReference<JobDao> reference) {
    synchronized (present) {
      present.values().forEach(all -> all.remove(reference));
      present.values().removeIf(Set::isEmpty);
    }
    takeBack(reference);
    soon(this::decide, Duration.ZERO);
  }

  /** The one of that name which ranks highest. */
  private Optional<ServiceReference<JobDao>> dao(String name) {
    synchronized (present) {
      return Optional.ofNullable(present.get(name)).map(NavigableSet::last);
    }
  }

  private Set<String> names() {
    synchronized (present) {
      return Set.copyOf(present.keySet());
    }
  }

  private boolean isThere(ServiceReference<JobDao> reference) {
    synchronized (present) {
      return present.values().stream().anyMatch(all -> all.contains(reference));
    }
  }

  // On the thread

  private void soon(Runnable work, Duration delay) {
    try {
      thread.schedule(work, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("the core is stopping", e);
    }
  }

  private void decide() {
    if (closed || isPublished()) {
      return;
    }
    try {
      Optional<StoreNote> note = StoreNote.read(file);
      String holder = note.map(StoreNote::store).orElse(FIRST);
      StoreChoice choice = StoreChoice.of(chosen, holder, names());
      if (choice instanceof StoreChoice.Wait wait) {
        wrong(wait.why());
      } else if (choice instanceof StoreChoice.Move move) {
        move(note, move.from());
      } else {
        if (note.isEmpty()) {
          StoreNote.of(chosen).write(file);
        }
        dao(chosen).ifPresent(this::publish);
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("the store {} cannot be used", chosen, e);
      wrong(StoreChoice.absent(chosen, e.toString()));
    }
  }

  private boolean isPublished() {
    publishing.lock();
    try {
      return published.isPresent();
    } finally {
      publishing.unlock();
    }
  }

  private void move(Optional<StoreNote> note, String holder) {
    Optional<ServiceReference<JobDao>> from = dao(holder);
    Optional<ServiceReference<JobDao>> to = dao(chosen);
    if (from.isEmpty() || to.isEmpty()) {
      return; // one has gone, and this is called again for it
    }
    Attempt attempt = new Attempt(from.get(), to.get());
    if (failed.filter(attempt::equals).isPresent()) {
      return;
    }
    problem =
        Optional.of(
            StoreChoice.absent(
                chosen, "what the server has in " + holder + " is being copied into it"));
    try {
      move(note, holder, attempt);
      failed = Optional.empty();
      publish(attempt.to());
    } catch (IOException | RuntimeException e) {
      if (closed) {
        return;
      }
      failed = Optional.of(attempt);
      LOG.error("the server's data cannot be moved from {} to {}", holder, chosen, e);
      wrong(StoreChoice.refused(chosen, holder, String.valueOf(e.getMessage())));
    }
  }

  private void move(Optional<StoreNote> note, String holder, Attempt attempt) throws IOException {
    JobDao from = started(attempt.from(), holder);
    try {
      JobDao to = started(attempt.to(), chosen);
      try {
        new StoreMove(file, () -> checkMoving(attempt)).run(note, holder, from, chosen, to);
      } finally {
        bundle.ungetService(attempt.to());
      }
    } finally {
      bundle.ungetService(attempt.from());
    }
  }

  private JobDao started(ServiceReference<JobDao> reference, String name) throws IOException {
    JobDao dao = bundle.getService(reference);
    if (dao == null) {
      throw new IOException(name + " cannot be started (the log has more)");
    }
    return dao;
  }

  private void checkMoving(Attempt attempt) throws IOException {
    if (closed || !isThere(attempt.from()) || !isThere(attempt.to())) {
      throw new IOException("one of the two has gone while everything was copied");
    }
  }

  private void publish(ServiceReference<JobDao> reference) {
    publishing.lock();
    try {
      if (closed || !isThere(reference)) {
        return;
      }
      JobDao dao = bundle.getService(reference);
      if (dao == null) {
        wrong(StoreChoice.absent(chosen, "it cannot be started; the log has more"));
        soon(this::decide, AGAIN);
        return;
      }
      LOG.info("the store {} is there", chosen);
      problem = Optional.empty();
      ActiveStore store =
          new ActiveStore(dao, StoreChoice.absent(chosen, "its bundle is being stopped"));
      published =
          Optional.of(
              new Published(
                  reference, store, bundle.registerService(ActiveStore.class, store, null)));
    } finally {
      publishing.unlock();
    }
  }

  /** Takes the active store back, if it is made of this DAO, which is there until this returns. */
  private void takeBack(ServiceReference<JobDao> reference) {
    publishing.lock();
    try {
      if (published.filter(one -> one.reference().equals(reference)).isPresent()) {
        LOG.info("the store {} is going", chosen);
        problem = Optional.of(StoreChoice.absent(chosen, "its bundle was stopped"));
        takeBack(published.get());
        published = Optional.empty();
      }
    } finally {
      publishing.unlock();
    }
  }

  private void takeBack(Published one) {
    one.store().leave();
    one.registration().unregister();
    if (!one.store().close(PATIENCE)) {
      LOG.warn("the store {} goes while it is used", chosen);
    }
    bundle.ungetService(one.reference());
  }

  /** It is told at once, and logged when it stays. */
  private void wrong(String why) {
    if (problem.equals(Optional.of(why))) {
      return;
    }
    problem = Optional.of(why);
    soon(
        () -> {
          if (problem.equals(Optional.of(why)) && !closed) {
            LOG.warn(why);
          }
        },
        SETTLED);
  }

  @Deactivate
  void close() throws InterruptedException {
    closed = true;
    problem = Optional.of(StoreChoice.absent(chosen, "the server is stopping"));
    thread.shutdown();
    if (!thread.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      LOG.warn(
          "the copying of everything does not end"); // not interrupted: a store may not bear it
    }
    publishing.lock();
    try {
      published.ifPresent(this::takeBack);
      published = Optional.empty();
    } finally {
      publishing.unlock();
    }
  }
}
