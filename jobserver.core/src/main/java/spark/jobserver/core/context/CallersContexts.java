package spark.jobserver.core.context;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import spark.jobserver.api.Context;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Contexts;

/**
 * The contexts as a caller sees them.
 *
 * @param all the contexts
 * @param caller who sees them
 */
record CallersContexts(SupervisedContexts all, Caller caller) implements Contexts {
  @Override
  public Contexts of(Caller other) {
    return all.of(other);
  }

  @Override
  public List<String> names() {
    return all.names(caller);
  }

  @Override
  public Optional<Context> find(String name) {
    return all.find(name).filter(context -> caller.sees(context.owner()));
  }

  @Override
  public Optional<DriverStart> start(String contextId) {
    return all.start(contextId);
  }

  @Override
  public CompletionStage<List<NamedObject>> namedObjects(String name) {
    return all.namedObjects(name, caller);
  }

  @Override
  public CompletionStage<Context> create(String name, Map<String, String> parameters, String body) {
    return all.create(name, parameters, body, caller);
  }

  @Override
  public CompletionStage<Context> stop(String name) {
    return all.stop(name, caller);
  }

  @Override
  public CompletionStage<Void> reset() {
    return all.reset();
  }
}
