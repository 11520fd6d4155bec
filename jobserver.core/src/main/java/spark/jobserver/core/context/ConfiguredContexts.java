package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.plugin.InstalledFactories;

/**
 * The contexts that the server's configuration asks for: {@code spark.contexts}. One whose factory
 * a plugin brings waits for it: plugins are checked when the server has started, and come some
 * moments later.
 */
@Component(service = ConfiguredContexts.class)
public final class ConfiguredContexts {
  private static final Logger LOG = LoggerFactory.getLogger(ConfiguredContexts.class);
  private static final String BLOCK = "spark.contexts";
  private static final String FACTORY = "context-factory";

  /** How long after the start factories are waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Settings settings;
  private final Predicate<String> lives;
  private final BiFunction<String, Config, CompletionStage<?>> maker;
  private final Function<String, CompletableFuture<Void>> arrivals;
  private final long end;

  /** Makes those that have waited; the thread that brings a factory has other things to do. */
  private final ExecutorService late =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "core-configured-context");
            thread.setDaemon(true);
            return thread;
          });

  @Activate
  public ConfiguredContexts(
      @Reference Settings settings,
      @Reference ContextSupervisor supervisor,
      @Reference NewContexts contexts,
      @Reference InstalledFactories factories) {
    this(
        settings,
        name -> supervisor.find(name).isPresent(),
        (name, wanted) -> contexts.configured(name, wanted).created(),
        factories::arrival,
        PATIENCE);
  }

  /**
   * As the server has it, of parts.
   *
   * @param lives whether there is a context of a name
   * @param maker makes a context of a name and settings
   * @param arrivals completes when there is a factory of a name
   * @param patience how long from now factories are waited for
   */
  ConfiguredContexts(
      Settings settings,
      Predicate<String> lives,
      BiFunction<String, Config, CompletionStage<?>> maker,
      Function<String, CompletableFuture<Void>> arrivals,
      Duration patience) {
    this.settings = settings;
    this.lives = lives;
    this.maker = maker;
    this.arrivals = arrivals;
    this.end = System.nanoTime() + patience.toNanos();
  }

  /**
   * Makes those that are not there. What fails is in the log, and does not keep the others; nor
   * does one that waits for its factory, and for a minute after the start at the most.
   *
   * @return completes when each runs or has failed
   */
  public CompletionStage<Void> make() {
    Config config = settings.config();
    if (!config.hasPath(BLOCK)) {
      return CompletableFuture.completedFuture(null);
    }
    ConfigObject wanted = config.getObject(BLOCK);
    List<CompletableFuture<Void>> all =
        wanted.keySet().stream()
            .sorted()
            .filter(name -> !lives.test(name))
            .map(name -> make(name, wanted).toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
  }

  private CompletionStage<Void> make(String name, ConfigObject wanted) {
    try {
      Config own = ((ConfigObject) wanted.get(name)).toConfig();
      String factory =
          own.withFallback(settings.config().getConfig("spark.context-settings"))
              .getString(FACTORY);
      CompletableFuture<Void> arrival = arrivals.apply(factory);
      if (arrival.isDone()) {
        return make(name, own);
      }
      LOG.info("the context {} of the configuration waits for its factory, {}", name, factory);
      return arrival
          .orTimeout(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)
          // Where it has not come, the attempt says so.
          .handleAsync(
              (come, late) ->
                  lives.test(name)
                      ? CompletableFuture.<Void>completedFuture(null)
                      : make(name, own),
              late)
          .thenCompose(Function.identity());
    } catch (RuntimeException e) {
      failed(name, e);
      return CompletableFuture.completedFuture(null);
    }
  }

  private CompletionStage<Void> make(String name, Config own) {
    try {
      return maker
          .apply(name, own)
          .handle(
              (context, error) -> {
                if (error != null) {
                  failed(name, error);
                }
                return null;
              });
    } catch (RuntimeException e) {
      failed(name, e);
      return CompletableFuture.completedFuture(null);
    }
  }

  private static void failed(String name, Throwable why) {
    LOG.error("the context {} of the configuration cannot be made", name, why);
  }

  /** Makes no more. */
  @Deactivate
  void stop() {
    late.shutdownNow();
  }
}
