package spark.jobserver.core.spare;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.core.FakeProcess;

/** Starts spares that are no processes. */
final class SpareLauncher implements DriverLauncher {
  final List<FakeSpare> started = new ArrayList<>();
  final List<FakeSpare> trained = new ArrayList<>();
  final List<FakeProcess> found = new ArrayList<>();

  /** Is done while a spare or a training is being started. */
  Runnable meanwhile = () -> {};

  boolean keepsNone;
  boolean untrained;
  int asked;

  FakeSpare last() {
    return started.get(started.size() - 1);
  }

  @Override
  public DriverProcess launch(DriverSpec spec) {
    return new FakeProcess("cold " + spec.contextId());
  }

  @Override
  public Optional<SpareDriver> launchSpare(DriverSpec spec) {
    asked++;
    if (keepsNone) {
      return Optional.empty();
    }
    FakeSpare spare = new FakeSpare(spec);
    started.add(spare);
    meanwhile.run();
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
    meanwhile.run();
    return spare.process;
  }

  @Override
  public Optional<DriverProcess> find(String reference) {
    FakeProcess process = new FakeProcess(reference);
    found.add(process);
    return Optional.of(process);
  }

  /** A spare that is ready when a test says so. */
  static final class FakeSpare implements SpareDriver {
    final DriverSpec spec;
    boolean suits = true;
    private final FakeProcess process;
    private boolean ready;

    private FakeSpare(DriverSpec spec) {
      this.spec = spec;
      this.process = new FakeProcess("spare " + spec.contextId());
    }

    void getReady() {
      ready = true;
    }

    void end(String how) {
      process.end(how);
    }

    @Override
    public String reference() {
      return process.reference();
    }

    @Override
    public String contextId() {
      return spec.contextId();
    }

    @Override
    public boolean isReady() {
      return ready && process.isAlive();
    }

    @Override
    public boolean suits(Config settings) {
      return suits;
    }

    @Override
    public DriverProcess assign(DriverSpec assigned) {
      return new FakeProcess("assigned " + assigned.contextId());
    }

    @Override
    public CompletionStage<String> exit() {
      return process.exit();
    }

    @Override
    public void kill() {
      process.kill();
    }
  }
}
