package spark.jobserver.driver.integration.plugin;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import spark.jobserver.api.Content;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.api.context.RunningJob;
import spark.jobserver.driver.integration.words.Words;

/**
 * Lies in a bundle that a test sends to a driver. Its jobs tell whether their thread sees the class
 * that their class path names, and whether it is this bundle's.
 */
public final class ClassesFactory implements ContextFactory {
  /** The system property that tells what its bundle was when its context was closed. */
  public static final String CLOSED = "test.classes.closed";

  @Override
  public RunningContext make(ContextRequest request) {
    return new Running();
  }

  private static final class Running implements RunningContext {
    @Override
    public String applicationId() {
      return Words.applicationId();
    }

    @Override
    public Optional<String> url() {
      return Optional.empty();
    }

    @Override
    public RunningJob run(JobRequest request, JobListener listener) throws Exception {
      Class<?> seen =
          Class.forName(request.classPath(), false, Thread.currentThread().getContextClassLoader());
      boolean mine = seen.getClassLoader() == ClassesFactory.class.getClassLoader();
      listener.ended(
          new JobOutcome.Finished(
              Content.of(Boolean.toString(mine).getBytes(StandardCharsets.UTF_8))));
      return () -> {};
    }

    @Override
    public CompletionStage<String> broken() {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {
      int state = FrameworkUtil.getBundle(ClassesFactory.class).getState();
      System.setProperty(CLOSED, state == Bundle.ACTIVE ? "active" : "not active");
    }
  }
}
