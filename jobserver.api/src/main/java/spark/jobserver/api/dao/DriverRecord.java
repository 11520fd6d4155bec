package spark.jobserver.api.dao;

import static java.util.Objects.requireNonNull;

/**
 * What a restarted server must know to find a context's driver again and to believe it.
 *
 * @param contextId the context whose driver it is
 * @param epoch counts the starts of a driver for this context, from 1
 * @param process by what the launcher finds the process again; empty until it is started
 * @param tokenHash SHA-256 of the one-time token that the driver enrols with
 * @param keyHash SHA-256 of the key that the driver has enrolled with; empty before
 */
public record DriverRecord(
    String contextId, int epoch, String process, String tokenHash, String keyHash) {
  public DriverRecord {
    requireNonNull(contextId, "contextId");
    requireNonNull(process, "process");
    requireNonNull(tokenHash, "tokenHash");
    requireNonNull(keyHash, "keyHash");
  }
}
