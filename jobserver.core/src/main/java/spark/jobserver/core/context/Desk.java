package spark.jobserver.core.context;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import spark.jobserver.api.Content;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.core.plugin.BundleStore;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.server.CommandLog;
import spark.jobserver.link.server.DriverDesk;
import spark.jobserver.link.server.DriverId;

/** Hears drivers out for their contexts, once they have shown who they are. */
final class Desk implements DriverDesk {
  private final Function<String, Optional<LiveContext>> contexts;
  private final JobDao dao;
  private final BundleStore bundles;

  /**
   * @param contexts the live context of an id
   */
  Desk(Function<String, Optional<LiveContext>> contexts, JobDao dao, BundleStore bundles) {
    this.contexts = contexts;
    this.dao = dao;
    this.bundles = bundles;
  }

  @Override
  public Admission enrol(Enrolment enrolment) {
    DriverId id = new DriverId(enrolment.contextId(), enrolment.epoch());
    Optional<LiveContext> context = wanted(id);
    if (context.isEmpty()) {
      return unwanted(id);
    }
    boolean admitted =
        enrolment.protocol() == Wire.PROTOCOL
            && context.get().enrol(Wire.hash(enrolment.token()), Wire.hash(enrolment.key()));
    return admitted ? Admission.ADMITTED : Admission.REFUSED;
  }

  @Override
  public Admission admit(DriverId driver, String key) {
    Optional<LiveContext> context = wanted(driver);
    if (context.isEmpty()) {
      return unwanted(driver);
    }
    return Secrets.same(context.get().driver().keyHash(), Wire.hash(key))
        ? Admission.ADMITTED
        : Admission.REFUSED;
  }

  /**
   * A driver whose context is over shall end. One that nobody here knows may belong to another
   * server, whose port this one has now: it shall go on looking.
   */
  private Admission unwanted(DriverId driver) {
    return dao.context(driver.contextId()).isPresent() ? Admission.GONE : Admission.REFUSED;
  }

  private Optional<LiveContext> wanted(DriverId driver) {
    return contexts.apply(driver.contextId()).filter(context -> context.epoch() == driver.epoch());
  }

  private LiveContext context(DriverId driver) {
    return wanted(driver)
        .orElseThrow(() -> new IllegalStateException("the context of " + driver + " is over"));
  }

  @Override
  public CommandLog connected(DriverId driver, Hello hello) {
    return context(driver).connected(hello);
  }

  @Override
  public void disconnected(DriverId driver) {
    // It dials again, or its process ends, which is noticed elsewhere.
  }

  @Override
  public void alive(DriverId driver, Heartbeat beat) {
    context(driver).alive(beat);
  }

  @Override
  public void event(DriverId driver, Event event, Content attachment) throws IOException {
    LiveContext context = context(driver);
    if (event instanceof Event.JobEnded end) {
      context.jobs().ended(end, attachment);
    } else if (event instanceof Event.JobStarted start) {
      context.jobs().started(start.jobId());
    } else if (event instanceof Event.JobProgress news) {
      context.jobs().progressed(news.jobId(), news.progress());
    } else if (event instanceof Event.NamedObjectsListed listed) {
      context.answered(listed);
    } else if (event instanceof Event.ContextReady ready) {
      context.on(
          new ContextLife.Event.Ready(
              ready.applicationId(), Optional.of(ready.url()).filter(url -> !url.isEmpty())));
    } else if (event instanceof Event.ContextFailed failed) {
      context.on(new ContextLife.Event.CannotStart(failed.failure()));
    } else if (event instanceof Event.ContextEnded ended) {
      context.on(new ContextLife.Event.Ended(ended.reason()));
    }
  }

  @Override
  public Optional<Content> bundle(String digest) throws IOException {
    return bundles.find(digest);
  }

  @Override
  public Optional<Content> binary(String digest) {
    return dao.binaryBytes(digest);
  }
}
