package spark.jobserver.callback;

import java.net.InetAddress;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.server.Callbacks;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.boot.Startup;

/**
 * Calls back by HTTP: a POST whose body is JSON. Whoever answers with a status from 200 to 299 has
 * been told. A notice may come twice, for the server may die after it was told and before that is
 * on record. When the configuration is wrong, the server ends.
 */
@Component(
    immediate = true,
    service = Callbacks.class,
    configurationPid = CallbackConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class HttpCallbacks implements Callbacks {
  private static final Logger LOG = LoggerFactory.getLogger(HttpCallbacks.class);

  /** As {@link Startup} has it: the configuration is broken. */
  private static final int CONFIGURATION = 7;

  private final AllowedHosts hosts;
  private final ScheduledExecutorService timer;
  private final RepeatedCalls calls;

  /**
   * Makes what calls back.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  @Activate
  public HttpCallbacks(CallbackConfig config, @Reference Startup startup) {
    this(
        settings(config, startup),
        InetAddress::getAllByName,
        // Without the certificates of this process: nobody is told who calls.
        SSLContexts.createDefault(),
        Limits.USUAL);
  }

  HttpCallbacks(CallbackSettings settings, Lookup lookup, SSLContext tls, Limits limits) {
    this.hosts = settings.hosts();
    this.timer = timer();
    Caller caller = new HttpCaller(new CheckedResolver(hosts, lookup), tls, limits, timer);
    this.calls = new RepeatedCalls(caller, settings.attempts(), settings.pause(), timer);
  }

  private static CallbackSettings settings(CallbackConfig config, Startup startup) {
    try {
      return CallbackSettings.of(config);
    } catch (IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  private static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(work, "callback-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  @Override
  public URI check(String url) {
    return allowed(url).uri();
  }

  private CallbackUrl allowed(String text) {
    CallbackUrl url = CallbackUrl.of(text);
    hosts.check(url);
    return url;
  }

  /** Gives up at once where the URL may not be called: another configuration has allowed it. */
  @Override
  public CompletionStage<Boolean> tell(String url, Job job, Optional<Content> result) {
    CallbackUrl allowed;
    try {
      allowed = allowed(url);
    } catch (JobserverException e) {
      LOG.warn("job {}: nobody is told of its end: {}", job.id(), e.getMessage());
      return CompletableFuture.completedStage(false);
    }
    return calls.make(allowed, Notice.of(job, result));
  }

  /** Ends what is under way; what was not told is left to others. */
  @Deactivate
  void stop() throws InterruptedException {
    calls.close();
    timer.shutdownNow();
  }
}
