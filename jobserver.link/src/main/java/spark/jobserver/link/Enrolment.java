package spark.jobserver.link;

/**
 * A driver's first words. Repeating them with the same key is harmless; the token is good for one
 * key only.
 *
 * @param contextId the context it is for
 * @param epoch which start of a driver for that context it is
 * @param token the one-time token from the enrolment file
 * @param key what the driver will be known by from now on; made by the driver
 * @param protocol {@link Wire#PROTOCOL} of the driver
 * @param spark the version of Spark it runs on
 */
public record Enrolment(
    String contextId, int epoch, String token, String key, int protocol, String spark) {

  /** Without token and key, for logs. */
  @Override
  public String toString() {
    return "Enrolment[context %s, epoch %d, protocol %d, Spark %s]"
        .formatted(contextId, epoch, protocol, spark);
  }
}
