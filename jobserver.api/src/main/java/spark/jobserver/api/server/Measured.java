package spark.jobserver.api.server;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A part of the server that tells how it is when it is asked. A bundle publishes it as an OSGi
 * service; what it tells is in {@code /metrics}.
 */
@ConsumerType
public interface Measured {
  /**
   * How it is now. Answers at once, from memory; may be called from any thread. Names and labels
   * are always the same few: none comes from a caller, such as the name of a context.
   */
  List<Measurement> measurements();
}
