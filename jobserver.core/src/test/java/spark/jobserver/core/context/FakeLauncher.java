package spark.jobserver.core.context;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;

/** Starts drivers in this process, and finds them again for the next supervisor. */
final class FakeLauncher implements DriverLauncher {
  final BlockingQueue<FakeDriver> started = new LinkedBlockingQueue<>();
  private volatile Optional<FakeDriver> last = Optional.empty();
  private volatile Optional<IOException> refusal = Optional.empty();

  void refuse(String why) {
    refusal = Optional.of(new IOException(why));
  }

  FakeDriver next() throws InterruptedException {
    FakeDriver driver = started.poll(10, TimeUnit.SECONDS);
    if (driver == null) {
      throw new AssertionError("no driver was started");
    }
    return driver;
  }

  @Override
  public DriverProcess launch(DriverSpec spec) throws IOException {
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    FakeDriver driver = new FakeDriver(spec);
    last = Optional.of(driver);
    started.add(driver);
    return driver.process;
  }

  @Override
  public Optional<DriverProcess> find(String reference) {
    return last.<DriverProcess>map(driver -> driver.process)
        .filter(process -> process.reference().equals(reference));
  }
}
