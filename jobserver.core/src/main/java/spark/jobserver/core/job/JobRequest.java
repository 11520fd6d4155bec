package spark.jobserver.core.job;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;

/**
 * What a submission wants to run, in either spelling: {@code appName} with {@code classPath}, which
 * goes first, or {@code cp} with {@code mainClass}. Each may be a parameter of the request or stand
 * in the posted configuration; the request goes first.
 *
 * @param packages the names of the binaries; a Python job has exactly one
 * @param classPath {@code package.module.Class}
 */
record JobRequest(List<String> packages, String classPath) {
  private static final String APP_NAME = "appName";
  private static final String CLASS_PATH = "classPath";
  private static final String CP = "cp";
  private static final String MAIN_CLASS = "mainClass";

  /** Of the older spelling: names of binaries that the job needs besides its own. */
  private static final String DEPENDENCIES = "dependent-jar-uris";

  /** The most characters of a name. */
  private static final int LONGEST_NAME = 8_000;

  /** Each is looked for in the store. A Python job has one. */
  private static final int MOST_PACKAGES = 100;

  JobRequest {
    packages = List.copyOf(packages);
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
      List<String> packages = new ArrayList<>(names(DEPENDENCIES));
      packages.add(required(APP_NAME));
      return checked(packages, CLASS_PATH);
    }

    private JobRequest newer() {
      List<String> packages =
          parameters.containsKey(CP) ? separated(parameters.get(CP)) : names(CP);
      return checked(packages, MAIN_CLASS);
    }

    private JobRequest checked(List<String> packages, String classPath) {
      if (packages.size() > MOST_PACKAGES) {
        throw PostedConfig.refused(
            "it names more than " + MOST_PACKAGES + " binaries, which are the most");
      }
      JobRequest request = new JobRequest(packages, required(classPath));
      if (packages.stream().anyMatch(name -> name.length() > LONGEST_NAME)) {
        throw tooLong("the name of a binary");
      }
      if (request.classPath().length() > LONGEST_NAME) {
        throw tooLong(classPath);
      }
      return request;
    }

    private static JobserverException tooLong(String what) {
      return PostedConfig.refused(
          what + " has more than " + LONGEST_NAME + " characters, which are the most");
    }

    private List<String> names(String key) {
      if (!posted.hasPath(key)) {
        return List.of();
      }
      return posted.getValue(key).valueType() == ConfigValueType.LIST
          ? posted.getStringList(key)
          : separated(posted.getString(key));
    }

    private static List<String> separated(String names) {
      return Arrays.stream(names.split(",", MOST_PACKAGES + 2)) // the last is the rest
          .map(String::strip)
          .filter(name -> !name.isEmpty())
          .toList();
    }

    private String required(String key) {
      return Optional.ofNullable(parameters.get(key))
          .or(() -> posted.hasPath(key) ? Optional.of(posted.getString(key)) : Optional.empty())
          .orElseThrow(() -> PostedConfig.refused(key + " parameter is missing!"));
    }
  }
}
