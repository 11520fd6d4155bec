package spark.jobserver.link;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

/** What the server tells a driver to do. Each is harmless when it is repeated. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Command.MakeContext.class, name = "make-context"),
  @JsonSubTypes.Type(value = Command.RunJob.class, name = "run-job"),
  @JsonSubTypes.Type(value = Command.KillJob.class, name = "kill-job"),
  @JsonSubTypes.Type(value = Command.ListNamedObjects.class, name = "list-named-objects"),
  @JsonSubTypes.Type(value = Command.StopContext.class, name = "stop-context")
})
public sealed interface Command {
  /**
   * Make the one context of this driver.
   *
   * @param name the context's name
   * @param factory the name of the factory
   * @param bundles what the factory's wiring needs beyond the driver's own bundles, its own first
   * @param settings the merged settings as one JSON object
   */
  record MakeContext(String name, String factory, List<BundleFile> bundles, String settings)
      implements Command {
    public MakeContext {
      bundles = List.copyOf(bundles);
    }
  }

  /**
   * Run a job, unless it was accepted before.
   *
   * @param dependencies what it imports from besides its binary; none unless they are told
   * @param config the posted configuration as one JSON object
   * @param request by which logs know the HTTP request that submitted it; empty unless it is told
   */
  record RunJob(
      String jobId,
      String classPath,
      BinaryFile binary,
      List<BinaryFile> dependencies,
      String config,
      String request)
      implements Command {
    public RunJob {
      dependencies = dependencies == null ? List.of() : List.copyOf(dependencies);
      request = request == null ? "" : request;
    }

    /** A job of which it is not known what submitted it. */
    public RunJob(
        String jobId,
        String classPath,
        BinaryFile binary,
        List<BinaryFile> dependencies,
        String config) {
      this(jobId, classPath, binary, dependencies, config, "");
    }
  }

  /** End a job, if it has not ended. */
  record KillJob(String jobId) implements Command {}

  /**
   * Tell what the jobs share by name, by an {@link Event.NamedObjectsListed}.
   *
   * @param requestId what the answer is known by; nobody may wait for it any more
   */
  record ListNamedObjects(String requestId) implements Command {}

  /** End the context and the driver with it. */
  record StopContext() implements Command {}

  /**
   * A bundle, fetched by its digest.
   *
   * @param symbolicName its symbolic name
   * @param version its version
   * @param digest SHA-256 of its bytes, in hexadecimal
   */
  record BundleFile(String symbolicName, String version, String digest) {}

  /**
   * A version of a binary, fetched by its digest.
   *
   * @param type the label of its type
   * @param uploadTime milliseconds since 1970
   * @param size in bytes
   */
  record BinaryFile(String name, String type, long uploadTime, String digest, long size) {
    /** What to send for a binary. */
    public static BinaryFile of(Binary binary) {
      return new BinaryFile(
          binary.name(),
          binary.type().label(),
          binary.uploadTime().toEpochMilli(),
          binary.digest(),
          binary.size());
    }

    /** The binary that was sent. */
    public Binary binary() {
      return new Binary(
          name, BinaryType.ofLabel(type), Instant.ofEpochMilli(uploadTime), digest, size);
    }
  }

  /**
   * A command as it stands on the stream.
   *
   * @param session names the memory that the numbers count in; another one after a restart of the
   *     server
   * @param number counts from 1
   */
  record Numbered(String session, long number, Command command) {}
}
