package spark.jobserver.core.spare;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;

/** Starts spares that are no processes. */
final class SpareLauncher implements DriverLauncher {
  final List<FakeSpare> started = new ArrayList<>();
  final List<FakeSpare> trained = new ArrayList<>();
  final List<String> killed = new ArrayList<>();
  boolean keepsNone;
  boolean untrained;
  int asked;

  FakeSpare last() {
    return started.get(started.size() - 1);
  }

  @Override
  public DriverProcess launch(DriverSpec spec) {
    return new FakeProcess("cold " + spec.contextId(), new CompletableFuture<>());
  }

  @Override
  public Optional<SpareDriver> launchSpare(DriverSpec spec) {
    asked++;
    if (keepsNone) {
      return Optional.empty();
    }
    FakeSpare spare = new FakeSpare(spec);
    started.add(spare);
    return Optional.of(spare);
  }

  @Override
  public boolean needsTraining() {
    return untrained;
  }

  @Override
  public DriverProcess train(DriverSpec spec) {
    FakeSpare spare = new FakeSpare(spec);
    trained.add(spare);
    return new FakeProcess("trained", spare.exit);
  }

  @Override
  public Optional<DriverProcess> find(String reference) {
    return Optional.of(new FakeProcess(reference, new CompletableFuture<>()));
  }

  /** A spare that is ready when a test says so. */
  final class FakeSpare implements SpareDriver {
    final DriverSpec spec;
    boolean suits = true;
    private final CompletableFuture<String> exit = new CompletableFuture<>();
    private boolean ready;

    private FakeSpare(DriverSpec spec) {
      this.spec = spec;
    }

    void getReady() {
      ready = true;
    }

    void end(String how) {
      exit.complete(how);
    }

    @Override
    public String reference() {
      return "spare " + spec.contextId();
    }

    @Override
    public String contextId() {
      return spec.contextId();
    }

    @Override
    public boolean isReady() {
      return ready && !exit.isDone();
    }

    @Override
    public boolean suits(Config settings) {
      return suits;
    }

    @Override
    public DriverProcess assign(DriverSpec assigned) {
      return new FakeProcess("assigned " + assigned.contextId(), exit);
    }

    @Override
    public CompletionStage<String> exit() {
      return exit;
    }

    @Override
    public void kill() {
      end("signal 9");
    }
  }

  private final class FakeProcess implements DriverProcess {
    private final String reference;
    private final CompletableFuture<String> exit;

    private FakeProcess(String reference, CompletableFuture<String> exit) {
      this.reference = reference;
      this.exit = exit;
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
      killed.add(reference);
      exit.complete("signal 9");
    }

    @Override
    public List<String> lastLines(int count) {
      return List.of();
    }
  }
}
