package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Settings;

/** The contexts that the server's configuration asks for: {@code spark.contexts}. */
@Component(service = ConfiguredContexts.class)
public final class ConfiguredContexts {
  private static final Logger LOG = LoggerFactory.getLogger(ConfiguredContexts.class);
  private static final String BLOCK = "spark.contexts";

  private final Settings settings;
  private final ContextSupervisor supervisor;
  private final NewContexts contexts;

  @Activate
  public ConfiguredContexts(
      @Reference Settings settings,
      @Reference ContextSupervisor supervisor,
      @Reference NewContexts contexts) {
    this.settings = settings;
    this.supervisor = supervisor;
    this.contexts = contexts;
  }

  /**
   * Makes those that are not there. What fails is in the log, and does not keep the others.
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
            .filter(name -> supervisor.find(name).isEmpty())
            .map(name -> make(name, wanted.toConfig()).toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
  }

  private CompletionStage<Void> make(String name, Config wanted) {
    try {
      Config own = ((ConfigObject) wanted.root().get(name)).toConfig();
      return contexts
          .configured(name, own)
          .created()
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
}
