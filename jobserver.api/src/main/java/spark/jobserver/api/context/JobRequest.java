package spark.jobserver.api.context;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import spark.jobserver.api.Binary;

/**
 * A job to run.
 *
 * @param id the job's id
 * @param classPath {@code package.module.Class}
 * @param binary the version of the binary that holds it
 * @param archive the binary's bytes: a file that stays as it is while the context lives
 * @param dependencies what the job imports from besides its binary; what comes first goes first
 * @param config the configuration that was posted, as one JSON object
 * @param request by which logs know the HTTP request that submitted it; empty where that is not
 *     known
 * @param log where the job's standard output and error go; the file need not exist
 */
public record JobRequest(
    String id,
    String classPath,
    Binary binary,
    Path archive,
    List<Dependency> dependencies,
    String config,
    String request,
    Path log) {
  public JobRequest {
    requireNonNull(id, "id");
    requireNonNull(classPath, "classPath");
    requireNonNull(binary, "binary");
    requireNonNull(archive, "archive");
    dependencies = List.copyOf(dependencies);
    requireNonNull(config, "config");
    requireNonNull(request, "request");
    requireNonNull(log, "log");
  }

  /** A job of which it is not known what submitted it. */
  public JobRequest(
      String id,
      String classPath,
      Binary binary,
      Path archive,
      List<Dependency> dependencies,
      String config,
      Path log) {
    this(id, classPath, binary, archive, dependencies, config, "", log);
  }

  /**
   * A binary that a job needs besides its own.
   *
   * @param archive its bytes, as of the job's own
   */
  public record Dependency(Binary binary, Path archive) {
    public Dependency {
      requireNonNull(binary, "binary");
      requireNonNull(archive, "archive");
    }
  }
}
