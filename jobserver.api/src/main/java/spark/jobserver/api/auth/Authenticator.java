package spark.jobserver.api.auth;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way in which callers tell who they are. A bundle publishes it as an OSGi service; the gate asks
 * all that there are, those with a higher service ranking first, until one knows the caller or
 * finds a wrong credential. While there is none, every request is refused.
 *
 * <p>Called by many threads at once, for every request, before anything else looks at it: an answer
 * that takes long holds the request up. An exception refuses the request.
 */
@ConsumerType
public interface Authenticator {
  /** Says who makes a request. */
  Authentication authenticate(IncomingRequest request);

  /**
   * What to say in {@code WWW-Authenticate} to a caller that is not known: a challenge as RFC 9110,
   * section 11.3, has it, such as {@code Bearer realm="jobserver"}.
   */
  String challenge();

  /**
   * What a caller that is not known can do about it, in sentences for people; empty when there is
   * nothing to tell.
   */
  default String advice() {
    return "";
  }
}
