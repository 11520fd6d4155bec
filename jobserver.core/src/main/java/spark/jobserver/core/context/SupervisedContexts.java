package spark.jobserver.core.context;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;
import spark.jobserver.core.store.ActiveStore;

/** Answers what is asked of contexts. */
@Component(service = Contexts.class)
public final class SupervisedContexts implements Contexts {
  private static final Set<ContextState> LISTED =
      Set.of(ContextState.RUNNING, ContextState.STOPPING);

  private final JobDao dao;
  private final ContextSupervisor supervisor;
  private final NewContexts newContexts;
  private final ConfiguredContexts configured;

  @Activate
  public SupervisedContexts(
      @Reference ActiveStore store,
      @Reference ContextSupervisor supervisor,
      @Reference NewContexts newContexts,
      @Reference ConfiguredContexts configured) {
    this.dao = store.dao();
    this.supervisor = supervisor;
    this.newContexts = newContexts;
    this.configured = configured;
  }

  @Override
  public Contexts of(Caller caller) {
    return new CallersContexts(this, caller);
  }

  @Override
  public List<String> names() {
    return names(Caller.SERVER);
  }

  List<String> names(Caller caller) {
    return dao.activeContexts().stream()
        .filter(context -> LISTED.contains(context.state()) && caller.sees(context.owner()))
        .map(Context::name)
        .toList();
  }

  @Override
  public Optional<Context> find(String name) {
    return dao.latestContext(name);
  }

  @Override
  public Optional<DriverStart> start(String contextId) {
    return supervisor.byId(contextId).flatMap(LiveContext::start);
  }

  @Override
  public CompletionStage<List<NamedObject>> namedObjects(String name) {
    return namedObjects(name, Caller.SERVER);
  }

  CompletionStage<List<NamedObject>> namedObjects(String name, Caller caller) {
    return supervisor
        .find(name, caller)
        .map(LiveContext::namedObjects)
        .orElseThrow(() -> ObjectQuestions.notFound(name));
  }

  @Override
  public CompletionStage<Context> create(String name, Map<String, String> parameters, String body) {
    return create(name, parameters, body, Caller.SERVER);
  }

  CompletionStage<Context> create(
      String name, Map<String, String> parameters, String body, Caller caller) {
    return newContexts.named(name, parameters, PostedConfig.parse(body), caller).created();
  }

  @Override
  public CompletionStage<Context> stop(String name) {
    return stop(name, Caller.SERVER);
  }

  CompletionStage<Context> stop(String name, Caller caller) {
    return supervisor
        .find(name, caller)
        .map(supervisor::stop)
        .orElseThrow(
            () ->
                new JobserverException(
                    ErrorCode.CONTEXT_NOT_FOUND, "context " + name + " not found"));
  }

  @Override
  public CompletionStage<Void> reset() {
    CompletableFuture<?>[] ends =
        supervisor.all().stream()
            .map(context -> supervisor.stop(context).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(ends).thenCompose(stopped -> configured.make());
  }
}
