package spark.jobserver.driver;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.api.context.RunningJob;
import spark.jobserver.api.context.WorkerCount;

/** Makes contexts whose jobs do what the test says. */
final class NotingFactory implements ContextFactory {
  final BlockingQueue<Made> made = new LinkedBlockingQueue<>();
  final BlockingQueue<Begun> begun = new LinkedBlockingQueue<>();
  final CompletableFuture<String> broken = new CompletableFuture<>();
  final CountDownLatch closed = new CountDownLatch(1);
  volatile CountDownLatch closing = new CountDownLatch(0);
  volatile CountDownLatch allowed = new CountDownLatch(0);
  volatile Optional<Exception> refusal = Optional.empty();
  volatile boolean deaf;
  volatile Optional<ClassLoader> replacement = Optional.empty();
  volatile Supplier<List<NamedObject>> objects = List::of;
  volatile Supplier<WorkerCount> workers = () -> WorkerCount.NONE;

  record Made(ContextRequest request, ClassLoader classes) {}

  /** A job that was begun. */
  record Begun(JobRequest request, JobListener listener, ClassLoader classes) {}

  @Override
  public RunningContext make(ContextRequest request) throws Exception {
    made.add(new Made(request, Thread.currentThread().getContextClassLoader()));
    if (!allowed.await(20, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the test did not allow it");
    }
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    replacement.ifPresent(Thread.currentThread()::setContextClassLoader);
    return new Running();
  }

  private final class Running implements RunningContext {
    @Override
    public String applicationId() {
      return "local-1";
    }

    @Override
    public Optional<String> url() {
      return Optional.of("http://127.0.0.1:4040");
    }

    @Override
    public RunningJob run(JobRequest request, JobListener listener) throws Exception {
      if (request.classPath().equals("cannot.Begin")) {
        throw new IllegalStateException("no worker");
      }
      begun.add(new Begun(request, listener, Thread.currentThread().getContextClassLoader()));
      return () -> {
        if (!deaf) {
          listener.ended(new JobOutcome.Killed());
        }
      };
    }

    @Override
    public List<NamedObject> namedObjects() {
      return objects.get();
    }

    @Override
    public WorkerCount workers() {
      return workers.get();
    }

    @Override
    public CompletionStage<String> broken() {
      return broken;
    }

    @Override
    public void close() {
      closed.countDown();
      try {
        closing.await(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
