package jobserver.stub;

import java.io.IOException;
import java.util.Optional;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;

/** Starts drivers in this process. */
final class StubLauncher implements DriverLauncher {
  @Override
  public DriverProcess launch(DriverSpec spec) throws IOException {
    return new StubDriver(spec);
  }

  /** None outlives the server. */
  @Override
  public Optional<DriverProcess> find(String reference) {
    return Optional.empty();
  }
}
