package spark.jobserver.link;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.Failure;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.Progress;

/**
 * What a driver tells the server. Each is harmless when it is repeated or comes out of order;
 * {@link ContextFailed} and {@link ContextEnded} come last. All but {@link JobProgress} and {@link
 * NamedObjectsListed} are told until the server has taken them.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Event.ContextReady.class, name = "context-ready"),
  @JsonSubTypes.Type(value = Event.ContextFailed.class, name = "context-failed"),
  @JsonSubTypes.Type(value = Event.ContextEnded.class, name = "context-ended"),
  @JsonSubTypes.Type(value = Event.JobStarted.class, name = "job-started"),
  @JsonSubTypes.Type(value = Event.JobProgress.class, name = "job-progress"),
  @JsonSubTypes.Type(value = Event.JobEnded.class, name = "job-ended"),
  @JsonSubTypes.Type(value = Event.NamedObjectsListed.class, name = "named-objects-listed")
})
public sealed interface Event {
  /**
   * The context is up.
   *
   * @param applicationId Spark's application id
   * @param url the address of Spark's user interface; empty where there is none
   */
  record ContextReady(String applicationId, String url) implements Event {}

  /** The context could not be made; the driver ends. */
  record ContextFailed(Failure failure) implements Event {}

  /**
   * The context has ended, and the driver ends.
   *
   * @param reason why, when nobody asked for it; empty when it was asked to
   */
  record ContextEnded(String reason) implements Event {}

  /** A job was found valid and runs. */
  record JobStarted(String jobId) implements Event {}

  /**
   * A job that runs has come so far. May be lost, for the next one says it better; means nothing
   * once the job has ended.
   */
  record JobProgress(String jobId, Progress progress) implements Event {
    public JobProgress {
      requireNonNull(progress, "progress");
    }
  }

  /**
   * A job has ended. The JSON text of its result follows the message.
   *
   * @param failure why, unless it is FINISHED; its parts are empty then
   * @param preparing microseconds from when it was accepted to when it was found valid; 0 when it
   *     never was, or when it is not told
   * @param running microseconds from then to its end; 0 likewise
   */
  record JobEnded(String jobId, Ending ending, Failure failure, long preparing, long running)
      implements Event {
    /** Without a word of how long it took. */
    public JobEnded(String jobId, Ending ending, Failure failure) {
      this(jobId, ending, failure, 0, 0);
    }

    /** The same, with how long it took. */
    public JobEnded after(Duration preparing, Duration running) {
      return new JobEnded(jobId, ending, failure, micros(preparing), micros(running));
    }

    private static long micros(Duration duration) {
      return Math.max(1, TimeUnit.NANOSECONDS.toMicros(duration.toNanos()));
    }
  }

  /**
   * The answer to {@link Command.ListNamedObjects}. May be lost, for who asked waits but a while;
   * means nothing when nobody waits any more.
   *
   * @param requestId the question's
   * @param objects in any order
   */
  record NamedObjectsListed(String requestId, List<ObjectEntry> objects) implements Event {
    public NamedObjectsListed {
      objects = List.copyOf(objects);
    }

    /** The answer with these objects. */
    public static NamedObjectsListed of(String requestId, List<NamedObject> objects) {
      return new NamedObjectsListed(requestId, objects.stream().map(ObjectEntry::of).toList());
    }
  }

  /**
   * A named object.
   *
   * @param kind the label of its kind
   * @param className empty where it is not told
   * @param size in bytes; -1 where it is not known
   */
  record ObjectEntry(String name, String kind, String className, long size) {
    private static final long UNKNOWN = -1;

    static ObjectEntry of(NamedObject object) {
      return new ObjectEntry(
          object.name(),
          object.kind().label(),
          object.className().orElse(""),
          object.size().orElse(UNKNOWN));
    }

    /** The object that was sent; one of a kind that is unknown here is a bare object. */
    public NamedObject object() {
      return new NamedObject(
          name,
          NamedObject.Kind.ofLabel(kind).orElse(NamedObject.Kind.OBJECT),
          Optional.of(className).filter(known -> !known.isEmpty()),
          size == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(size));
    }
  }

  /** How a job ended. */
  enum Ending {
    FINISHED,
    /** {@code validate} refused the input; the failure's message lists the problems, one a line. */
    INVALID,
    /** The class path, which is the failure's message, is not in the binary. */
    NOT_FOUND,
    /** It raised an error, its process died, or its context ended under it. */
    FAILED,
    /** It was ended by {@link Command.KillJob}. */
    KILLED
  }
}
