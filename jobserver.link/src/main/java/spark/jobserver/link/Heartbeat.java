package spark.jobserver.link;

/**
 * A driver's sign of life, which renews its lease.
 *
 * @param session as in {@link Hello}
 * @param received as in {@link Hello}: the server forgets commands up to it
 */
public record Heartbeat(String session, long received) {}
