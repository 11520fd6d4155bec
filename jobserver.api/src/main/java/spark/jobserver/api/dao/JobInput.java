package spark.jobserver.api.dao;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What a job is put on record with, besides what is shown of it.
 *
 * @param config the posted configuration as one JSON object
 * @param callback the URL that shall be told of the job's end
 * @param key the key under which its submitter may repeat the request
 */
public record JobInput(String config, Optional<String> callback, Optional<RequestKey> key) {
  public JobInput {
    requireNonNull(config, "config");
    requireNonNull(callback, "callback");
    requireNonNull(key, "key");
  }

  /** Input that is nothing but a configuration. */
  public static JobInput of(String config) {
    return new JobInput(config, Optional.empty(), Optional.empty());
  }
}
