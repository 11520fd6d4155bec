package spark.jobserver.core;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import spark.jobserver.api.driver.DriverProcess;

/** A process that lives until a test ends it. */
public final class FakeProcess implements DriverProcess {
  private final String reference;
  private final CompletableFuture<String> exit = new CompletableFuture<>();

  public FakeProcess(String reference) {
    this.reference = reference;
  }

  /** The process ends. */
  public void end(String how) {
    exit.complete(how);
  }

  @Override
  public String reference() {
    return reference;
  }

  @Override
  public boolean isAlive() {
    return !exit.isDone();
  }

  @Override
  public CompletionStage<String> exit() {
    return exit;
  }

  @Override
  public void kill() {
    end("signal 9");
  }

  @Override
  public List<String> lastLines(int count) {
    return List.of("the driver's last words");
  }
}
