package spark.jobserver.link.server;

/**
 * One start of a driver for a context.
 *
 * @param contextId the context
 * @param epoch counts the starts, from 1
 */
public record DriverId(String contextId, int epoch) {
  @Override
  public String toString() {
    return contextId + "." + epoch;
  }
}
