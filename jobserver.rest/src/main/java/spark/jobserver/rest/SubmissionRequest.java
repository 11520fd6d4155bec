package spark.jobserver.rest;

import java.util.Arrays;
import java.util.List;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.JobSubmission;
import spark.jobserver.api.server.JobserverException;

/**
 * What a submission says in its query, in either spelling: {@code appName} with {@code classPath},
 * which goes first, or {@code cp} with {@code mainClass}.
 *
 * @param packages the names of the binaries; a Python job has exactly one
 * @param classPath {@code package.module.Class}
 * @param context the name of the context to run in
 */
record SubmissionRequest(List<String> packages, String classPath, String context) {

  /**
   * Reads a query.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} naming the parameter that is missing
   */
  static SubmissionRequest of(Query query) {
    List<String> packages;
    String classPath;
    if (query.text("appName").isPresent()) {
      packages = List.of(required(query, "appName"));
      classPath = required(query, "classPath");
    } else if (query.text("cp").isPresent()) {
      packages =
          Arrays.stream(required(query, "cp").split(",", -1))
              .map(String::strip)
              .filter(name -> !name.isEmpty())
              .toList();
      classPath = required(query, "mainClass");
    } else {
      throw cannotParse("To start the job appName or cp parameters should be configured!");
    }
    return new SubmissionRequest(packages, classPath, required(query, "context"));
  }

  private static String required(Query query, String name) {
    return query.text(name).orElseThrow(() -> cannotParse(name + " parameter is missing!"));
  }

  private static JobserverException cannotParse(String why) {
    return new JobserverException(ErrorCode.CONFIG, "Cannot parse config: " + why);
  }

  /**
   * What the core is asked.
   *
   * @param config the posted configuration
   */
  JobSubmission submission(String config) {
    return new JobSubmission(packages.get(0), classPath, context, config);
  }
}
