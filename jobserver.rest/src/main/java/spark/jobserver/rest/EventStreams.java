package spark.jobserver.rest;

import jakarta.ws.rs.core.Response;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Standing;

/**
 * Opens event streams, so many at once and no more: each holds a thread for as long as its client
 * listens.
 */
@Component(service = EventStreams.class)
public final class EventStreams {
  private static final String MEDIA_TYPE = "text/event-stream";

  private final Core core;
  private final Answers answers;
  private final Semaphore free;

  @Activate
  public EventStreams(@Reference Core core, @Reference Answers answers) {
    this.core = core;
    this.answers = answers;
    this.free = new Semaphore(answers.settings().maxEventStreams());
  }

  /** How many streams are open. */
  int open() {
    return answers.settings().maxEventStreams() - free.availablePermits();
  }

  /**
   * The events of a job.
   *
   * @param last the id of the last event that the client has seen
   * @param standing whether the client may still see them
   * @return a stream; or 204, which tells browsers not to come back, when the client has seen the
   *     last of all
   * @throws JobserverException {@link ErrorCode#UNAVAILABLE} when as many streams as may be are
   *     open
   */
  Response open(String id, Optional<String> last, Standing standing) {
    EventPlace place = EventPlace.of(last);
    if (place.isEnd()) {
      return Response.noContent().build();
    }
    if (!free.tryAcquire()) {
      throw new JobserverException(
          ErrorCode.UNAVAILABLE,
          "Too many event streams are open; try again, or GET /jobs/" + id + "?wait=30");
    }
    return Response.ok(
            new JobEvents(id, place, core, standing, answers::isStopping, free::release),
            MEDIA_TYPE)
        .header("Cache-Control", "no-store")
        .header("X-Accel-Buffering", "no") // for proxies that gather answers
        .build();
  }
}
