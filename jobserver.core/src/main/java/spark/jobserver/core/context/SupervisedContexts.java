package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.ContextFactories.FactoryInfo;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.config.CoreConfig;
import spark.jobserver.core.config.PostedConfig;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.plugin.FactoryRevision;
import spark.jobserver.core.plugin.InstalledFactories;

/** Answers what is asked of contexts. */
@Component(
    service = Contexts.class,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class SupervisedContexts implements Contexts {
  private static final String BLOCK = "spark.context-settings";
  private static final String FACTORY = "context-factory";
  private static final Set<ContextState> LISTED =
      Set.of(ContextState.RUNNING, ContextState.STOPPING);

  private final JobDao dao;
  private final ContextSupervisor supervisor;
  private final InstalledFactories factories;
  private final Settings settings;

  @Activate
  public SupervisedContexts(
      @Reference(name = "dao") JobDao dao,
      @Reference ContextSupervisor supervisor,
      @Reference InstalledFactories factories,
      @Reference Settings settings) {
    this.dao = dao;
    this.supervisor = supervisor;
    this.factories = factories;
    this.settings = settings;
  }

  @Override
  public List<String> names() {
    return dao.activeContexts().stream()
        .filter(context -> LISTED.contains(context.state()))
        .map(Context::name)
        .toList();
  }

  @Override
  public Optional<Context> find(String name) {
    return dao.latestContext(name);
  }

  @Override
  public CompletionStage<Context> create(String name, Map<String, String> parameters, String body) {
    if (name.isEmpty() || !Character.isLetter(name.codePointAt(0))) {
      throw new JobserverException(ErrorCode.CONTEXT_NAME, "context name must start with letters");
    }
    Config wanted = settings(name, parameters, body);
    String factory = wanted.getString(FACTORY);
    Optional<FactoryRevision> found = factories.find(factory);
    Context context =
        Context.started(
            UUID.randomUUID().toString(),
            name,
            factory,
            PostedConfig.json(wanted),
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            found.map(FactoryRevision::bundles).map(BundleFile::text).orElse(""));
    return found.isPresent()
        ? supervisor.create(context)
        : supervisor.refuse(context, unknown(factory));
  }

  private Failure unknown(String factory) {
    String known =
        factories.list().stream().map(FactoryInfo::name).collect(Collectors.joining(", "));
    return new Failure(
        "There is no context factory " + factory + "; there are: " + known,
        ClassNotFoundException.class.getName(),
        "");
  }

  /** What the body says over what the query says over what the server says. */
  private Config settings(String name, Map<String, String> parameters, String body) {
    Config posted = PostedConfig.parse(body);
    try {
      Config block = posted.hasPath(BLOCK) ? posted.getConfig(BLOCK) : ConfigFactory.empty();
      Config wanted =
          block
              .withFallback(ConfigFactory.parseMap(parameters, "query"))
              .withFallback(settings.config().getConfig(BLOCK));
      wanted.getString(FACTORY);
      wanted.getDuration("context-init-timeout");
      return wanted
          .withValue(ConfigUtil.joinPath("context", "name"), ConfigValueFactory.fromAnyRef(name))
          .withValue("is-adhoc", ConfigValueFactory.fromAnyRef("false"));
    } catch (ConfigException e) {
      throw PostedConfig.unreadable(e.getMessage(), e);
    }
  }

  @Override
  public CompletionStage<Context> stop(String name) {
    return supervisor
        .find(name)
        .map(supervisor::stop)
        .orElseThrow(
            () ->
                new JobserverException(
                    ErrorCode.CONTEXT_NOT_FOUND, "context " + name + " not found"));
  }
}
