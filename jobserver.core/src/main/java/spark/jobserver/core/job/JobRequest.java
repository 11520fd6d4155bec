package spark.jobserver.core.job;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.binary.BinaryNames;
import spark.jobserver.core.posted.PostedConfig;

/**
 * What a submission wants to run, in either spelling: {@code appName} with {@code classPath}, which
 * goes first, or {@code cp} with {@code mainClass}. Each may be a parameter of the request or stand
 * in the posted configuration; the request goes first.
 *
 * @param packages the names of the binaries; a Python job has exactly one
 * @param classPath {@code package.module.Class}
 * @param dependencies the names of the binaries that the job imports from besides its own
 */
record JobRequest(List<String> packages, String classPath, List<String> dependencies) {
  private static final String APP_NAME = "appName";
  private static final String CLASS_PATH = "classPath";
  private static final String CP = "cp";
  private static final String MAIN_CLASS = "mainClass";

  /** Of the older spelling: names of packages beside the job's. A Python job has one package. */
  private static final String JARS = "dependent-jar-uris";

  JobRequest {
    packages = List.copyOf(packages);
    dependencies = List.copyOf(dependencies);
  }

  /**
   * Reads a submission.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} naming the parameter that is missing or too
   *     long
   */
  static JobRequest of(Map<String, String> parameters, Config posted) {
    try {
      return new Reader(parameters, posted).read();
    } catch (ConfigException e) {
      throw PostedConfig.unreadable(e.getMessage(), e);
    }
  }

  private record Reader(Map<String, String> parameters, Config posted) {
    JobRequest read() {
      if (parameters.containsKey(APP_NAME)) {
        return older();
      }
      if (parameters.containsKey(CP)) {
        return newer();
      }
      if (posted.hasPath(APP_NAME)) {
        return older();
      }
      if (posted.hasPath(CP)) {
        return newer();
      }
      throw PostedConfig.refused("To start the job appName or cp parameters should be configured!");
    }

    private JobRequest older() {
      List<String> packages = new ArrayList<>(BinaryNames.in(posted, JARS));
      packages.add(required(APP_NAME));
      return checked(packages, CLASS_PATH);
    }

    private JobRequest newer() {
      List<String> packages =
          parameters.containsKey(CP)
              ? BinaryNames.separated(parameters.get(CP))
              : BinaryNames.in(posted, CP);
      return checked(packages, MAIN_CLASS);
    }

    private JobRequest checked(List<String> packages, String classPath) {
      JobRequest request =
          new JobRequest(
              BinaryNames.checked(packages),
              required(classPath),
              BinaryNames.checked(BinaryNames.in(posted, BinaryNames.DEPENDENCIES)));
      BinaryNames.checkLength(classPath, request.classPath());
      return request;
    }

    private String required(String key) {
      return Optional.ofNullable(parameters.get(key))
          .or(() -> posted.hasPath(key) ? Optional.of(posted.getString(key)) : Optional.empty())
          .orElseThrow(() -> PostedConfig.refused(key + " parameter is missing!"));
    }
  }
}
