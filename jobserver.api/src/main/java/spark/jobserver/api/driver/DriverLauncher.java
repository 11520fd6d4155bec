package spark.jobserver.api.driver;

import java.io.IOException;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Starts driver processes. It knows processes and Spark's launcher, not jobs. */
@ProviderType
public interface DriverLauncher {
  /**
   * Starts a driver and returns as soon as its process exists.
   *
   * @throws IOException when it cannot be started; the message says what to do about it
   */
  DriverProcess launch(DriverSpec spec) throws IOException;

  /**
   * Starts a driver that has no context yet and does in advance what it can. What that is stands in
   * its folder, between the core and the driver.
   *
   * @param spec with the settings that it is most likely to be asked for; its enrolment file does
   *     not exist yet
   * @return empty when this launcher keeps no spares
   * @throws IOException as {@link #launch}
   */
  default Optional<SpareDriver> launchSpare(DriverSpec spec) throws IOException {
    return Optional.empty();
  }

  /** Whether {@link #train} would make later starts faster. */
  default boolean needsTraining() {
    return false;
  }

  /**
   * Starts a driver as a spare that ends when it is ready, and keeps of it what makes later drivers
   * start faster.
   *
   * @param spec as for {@link #launchSpare}
   * @throws IOException as {@link #launch}
   */
  default DriverProcess train(DriverSpec spec) throws IOException {
    throw new IOException("this launcher needs no training");
  }

  /**
   * Finds a driver again that an earlier server started, by {@link DriverProcess#reference}.
   *
   * @return the process, which may have ended meanwhile; empty when the reference is unreadable
   */
  Optional<DriverProcess> find(String reference);
}
