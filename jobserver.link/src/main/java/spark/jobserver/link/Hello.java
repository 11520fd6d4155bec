package spark.jobserver.link;

import java.util.List;

/**
 * What a driver says whenever it dials in for commands.
 *
 * @param session the session of the last command it carried out; empty before the first
 * @param received the number of that command
 * @param state how far its context is
 * @param applicationId Spark's application id, when READY
 * @param url the address of Spark's user interface, when READY and there is one
 * @param jobs the ids of the jobs it has accepted and whose end it has not delivered yet
 */
public record Hello(
    String session,
    long received,
    ContextProgress state,
    String applicationId,
    String url,
    List<String> jobs) {
  public Hello {
    jobs = List.copyOf(jobs);
  }

  /** How far a driver is with its context. */
  public enum ContextProgress {
    /** It was not told to make one. */
    NONE,
    MAKING,
    READY,
    /** It failed or has ended. */
    ENDED
  }
}
