package spark.jobserver.core.history;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.dao.Expired;
import spark.jobserver.api.dao.Expired.ExpiredJob;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.config.CoreConfig;
import spark.jobserver.core.config.Durations;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.plugin.BundleStore;
import spark.jobserver.core.store.ActiveStore;

/**
 * Removes jobs and contexts that ended long ago, with their results and logs, and bundles that no
 * context needs any more. What cannot be removed is tried again the next time.
 */
@Component(
    service = Retention.class,
    immediate = true,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  /** How many jobs go in one transaction. */
  private static final int AT_ONCE = 200;

  /** How long a bundle stays, needed or not. */
  private static final Duration BUNDLES = Duration.ofHours(1);

  private final JobDao dao;
  private final DataFolder data;
  private final BundleStore bundles;
  private final Duration age;
  private final Clock clock;
  private final ScheduledExecutorService timer;

  @Activate
  public Retention(
      BundleContext bundle,
      CoreConfig config,
      @Reference ActiveStore store,
      @Reference BundleStore bundles) {
    this(
        store.dao(),
        DataFolder.of(bundle),
        bundles,
        Durations.read("spark.jobserver.retention", config.retention()),
        Clock.systemUTC());
    Duration interval =
        Durations.read("spark.jobserver.retention-interval", config.retention$_$interval());
    timer.scheduleWithFixedDelay(
        this::run, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  Retention(JobDao dao, DataFolder data, BundleStore bundles, Duration age, Clock clock) {
    this.dao = dao;
    this.data = data;
    this.bundles = bundles;
    this.age = age;
    this.clock = clock;
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "core-retention");
              thread.setDaemon(true);
              return thread;
            });
  }

  private void run() {
    try {
      removeOld();
    } catch (IOException | RuntimeException e) {
      LOG.warn("what is old cannot be removed now", e);
    }
  }

  /** Removes all that is old by now. */
  void removeOld() throws IOException {
    Instant before = clock.instant().minus(age);
    int jobs = 0;
    int contexts = 0;
    Expired removed = dao.removeEnded(before, AT_ONCE);
    while (!removed.isEmpty()) {
      for (ExpiredJob job : removed.jobs()) {
        Files.deleteIfExists(data.jobLog(job.contextId(), job.id()));
      }
      for (String context : removed.contexts()) {
        data.removeContext(context);
      }
      jobs += removed.jobs().size();
      contexts += removed.contexts().size();
      removed = dao.removeEnded(before, AT_ONCE);
    }
    if (jobs + contexts > 0) {
      LOG.info("removed {} jobs and {} contexts that ended before {}", jobs, contexts, before);
    }
    bundles.retain(neededBundles(), clock.instant().minus(BUNDLES));
  }

  private Set<String> neededBundles() {
    return dao.activeContexts().stream()
        .flatMap(context -> BundleFile.read(context.bundle()).stream())
        .map(BundleFile::digest)
        .collect(Collectors.toSet());
  }

  @Deactivate
  void stop() {
    timer.shutdownNow();
  }
}
