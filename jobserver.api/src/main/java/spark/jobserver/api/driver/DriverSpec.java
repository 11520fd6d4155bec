package spark.jobserver.api.driver;

import static java.util.Objects.requireNonNull;

import com.typesafe.config.Config;
import java.nio.file.Path;

/**
 * A driver to start.
 *
 * @param contextId the context it is for
 * @param epoch which start of a driver for that context this is
 * @param contextName the context's name, which becomes the application's
 * @param settings the context's merged settings
 * @param folder its own folder, which exists: everything the driver writes is below it
 * @param enrolment the file, of mode 0600, that tells the driver where and how to enrol
 */
public record DriverSpec(
    String contextId, int epoch, String contextName, Config settings, Path folder, Path enrolment) {
  public DriverSpec {
    requireNonNull(contextId, "contextId");
    requireNonNull(contextName, "contextName");
    requireNonNull(settings, "settings");
    requireNonNull(folder, "folder");
    requireNonNull(enrolment, "enrolment");
  }
}
