package spark.jobserver.api.dao;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;

/**
 * What a job is put on record with, besides what is shown of it.
 *
 * @param config the posted configuration as one JSON object
 * @param dependencies the versions of binaries that it imports from besides its own; what comes
 *     first goes first
 * @param callback the URL that shall be told of the job's end
 * @param key the key under which its submitter may repeat the request
 */
public record JobInput(
    String config, List<Binary> dependencies, Optional<String> callback, Optional<RequestKey> key) {
  public JobInput {
    requireNonNull(config, "config");
    dependencies = List.copyOf(dependencies);
    requireNonNull(callback, "callback");
    requireNonNull(key, "key");
  }

  /** Input of a job that imports from its own binary alone. */
  public JobInput(String config, Optional<String> callback, Optional<RequestKey> key) {
    this(config, List.of(), callback, key);
  }

  /** Input that is nothing but a configuration. */
  public static JobInput of(String config) {
    return new JobInput(config, Optional.empty(), Optional.empty());
  }

  /** This input of a job that imports from these binaries too. */
  public JobInput with(List<Binary> needed) {
    return new JobInput(config, needed, callback, key);
  }
}
