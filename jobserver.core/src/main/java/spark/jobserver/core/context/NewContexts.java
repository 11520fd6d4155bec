package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ContextFactories.FactoryInfo;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.binary.BinaryNames;
import spark.jobserver.core.binary.LatestBinaries;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.plugin.FactoryRevision;
import spark.jobserver.core.plugin.InstalledFactories;
import spark.jobserver.core.posted.PostedConfig;
import spark.jobserver.core.spare.Spare;
import spark.jobserver.core.spare.SpareDrivers;

/** Makes contexts of what callers ask for and what the server is configured with. */
@Component(service = NewContexts.class)
public final class NewContexts {
  private static final Logger LOG = LoggerFactory.getLogger(NewContexts.class);

  /** The settings of all contexts that live are in memory. */
  private static final int MOST_CHARACTERS = 256 * 1024;

  private static final String BLOCK = "spark.context-settings";
  private static final String FACTORY = "context-factory";

  private final ContextSupervisor supervisor;
  private final InstalledFactories factories;
  private final LatestBinaries binaries;
  private final SpareDrivers spares;
  private final DriverLauncher launcher;
  private final Impersonation impersonation;
  private final Settings settings;

  @Activate
  public NewContexts(
      @Reference ContextSupervisor supervisor,
      @Reference InstalledFactories factories,
      @Reference LatestBinaries binaries,
      @Reference SpareDrivers spares,
      @Reference DriverLauncher launcher,
      @Reference Impersonation impersonation,
      @Reference Settings settings) {
    this.supervisor = supervisor;
    this.factories = factories;
    this.binaries = binaries;
    this.spares = spares;
    this.launcher = launcher;
    this.impersonation = impersonation;
    this.settings = settings;
  }

  /**
   * Makes a context of a caller's.
   *
   * @param parameters settings by path
   * @param posted of which the block {@code spark.context-settings} counts, over the parameters
   * @param caller whose it is
   * @return the context, on record and on its way
   * @throws JobserverException {@link ErrorCode#CONTEXT_NAME}, {@link ErrorCode#CONTEXT_EXISTS},
   *     {@link ErrorCode#TOO_MANY_CONTEXTS}, {@link ErrorCode#CONFIG}, {@link
   *     ErrorCode#BINARY_NOT_FOUND}, {@link ErrorCode#IMPERSONATION}
   */
  LiveContext named(String name, Map<String, String> parameters, Config posted, Caller caller) {
    requireLetter(name);
    return make(name, asked(parameters, posted, caller), false, caller);
  }

  private static void requireLetter(String name) {
    if (name.isEmpty() || !Character.isLetter(name.codePointAt(0))) {
      throw new JobserverException(ErrorCode.CONTEXT_NAME, "context name must start with letters");
    }
  }

  private Config asked(Map<String, String> parameters, Config posted, Caller caller) {
    return impersonation.checked(
        block(posted).withFallback(PostedConfig.of(parameters)),
        caller.name(),
        caller.mayImpersonate());
  }

  /**
   * Makes a context that the server is configured with.
   *
   * @param wanted its settings
   * @throws JobserverException as {@link #named}
   */
  LiveContext configured(String name, Config wanted) {
    requireLetter(name);
    return make(name, wanted, false, Caller.SERVER);
  }

  /**
   * Makes a context for a single job.
   *
   * @param parameters settings by path
   * @param posted the job's configuration, of which the block {@code spark.context-settings}
   *     counts, over the parameters
   * @param caller whose it is
   * @return the context once it runs, or fails with {@link ErrorCode#AD_HOC_INIT}
   * @throws JobserverException {@link ErrorCode#TOO_MANY_CONTEXTS}, {@link ErrorCode#CONFIG},
   *     {@link ErrorCode#BINARY_NOT_FOUND}, {@link ErrorCode#IMPERSONATION}
   */
  public CompletionStage<LiveContext> forOneJob(
      String classPath, Map<String, String> parameters, Config posted, Caller caller) {
    LiveContext live =
        make(UUID.randomUUID() + "-" + classPath, asked(parameters, posted, caller), true, caller);
    return live.created()
        .handle(
            (context, error) -> {
              if (error != null) {
                throw new CompletionException(adHocFailure(error));
              }
              return live;
            });
  }

  private static JobserverException adHocFailure(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof JobserverException refusal && refusal.code() == ErrorCode.UNAVAILABLE) {
      return refusal; // it may come up yet, for no job
    }
    Optional<Failure> failure =
        cause instanceof JobserverException refusal ? refusal.failure() : Optional.empty();
    return new JobserverException(
        ErrorCode.AD_HOC_INIT, failure.orElseGet(() -> Failure.of(String.valueOf(cause))));
  }

  private static Config block(Config posted) {
    return readable(() -> posted.hasPath(BLOCK) ? posted.getConfig(BLOCK) : ConfigFactory.empty());
  }

  private static <T> T readable(Supplier<T> read) {
    try {
      return read.get();
    } catch (ConfigException e) {
      throw PostedConfig.unreadable(e.getMessage(), e);
    }
  }

  private LiveContext make(String name, Config asked, boolean adHoc, Caller caller) {
    Config wanted = settings(name, asked, adHoc);
    // Its jobs look for them anew: this tells who makes the context what they would not find.
    binaries.dependencies(readable(() -> BinaryNames.in(wanted, BinaryNames.DEPENDENCIES)));
    String factory = wanted.getString(FACTORY);
    Optional<FactoryRevision> found = factories.find(factory);
    String stored = PostedConfig.json(wanted);
    if (stored.length() > MOST_CHARACTERS) {
      throw PostedConfig.refused(
          "the settings of a context have more than %d characters, which are the most"
              .formatted(MOST_CHARACTERS));
    }
    Optional<Spare> spare = found.flatMap(revision -> spares.take(revision, wanted));
    Context context =
        Context.started(
            spare
                .map(one -> one.driver().contextId())
                .orElseGet(() -> UUID.randomUUID().toString()),
            name,
            factory,
            stored,
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            found.map(FactoryRevision::bundles).map(BundleFile::text).orElse(""),
            caller.name());
    return found.isPresent() ? start(context, spare) : supervisor.refuse(context, unknown(factory));
  }

  private LiveContext start(Context context, Optional<Spare> spare) {
    try {
      LiveContext live =
          supervisor.create(
              context,
              spec -> spare.isPresent() ? spares.start(spare.get(), spec) : launcher.launch(spec));
      live.proxyUser().ifPresent(user -> LOG.info("context {}: acts for {}", context.id(), user));
      spares.yieldTo(live.created());
      return live;
    } catch (RuntimeException e) {
      spare.ifPresent(spares::giveBack);
      throw e;
    }
  }

  /** What is asked for over what the server says, with what the server knows itself. */
  private Config settings(String name, Config asked, boolean adHoc) {
    return readable(
        () -> {
          Config wanted = asked.withFallback(settings.config().getConfig(BLOCK));
          wanted.getString(FACTORY);
          wanted.getDuration(LiveContext.PATIENCE);
          wanted.getBoolean(LiveContext.STOP_ON_JOB_ERROR);
          return wanted
              .withValue(
                  ConfigUtil.joinPath("context", "name"), ConfigValueFactory.fromAnyRef(name))
              .withValue(AdHoc.KEY, ConfigValueFactory.fromAnyRef(Boolean.toString(adHoc)));
        });
  }

  private Failure unknown(String factory) {
    String known =
        factories.list().stream().map(FactoryInfo::name).collect(Collectors.joining(", "));
    return new Failure(
        "There is no context factory " + factory + "; there are: " + known,
        ClassNotFoundException.class.getName(),
        "");
  }
}
