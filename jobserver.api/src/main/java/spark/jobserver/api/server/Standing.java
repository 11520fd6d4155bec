package spark.jobserver.api.server;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Whether the caller of a request may still make it. A credential may be taken back, or be over,
 * while an answer goes on and on; so who gives such an answer asks now and then.
 */
@ProviderType
@FunctionalInterface
public interface Standing {
  /**
   * The attribute of a servlet request that has it; where there is none, anybody may make the
   * request.
   */
  String ATTRIBUTE = "spark.jobserver.standing";

  /**
   * Whether the request would be let in now. May be asked by any thread until the answer is
   * complete; it takes as long as it took to let the request in.
   */
  boolean holds();
}
