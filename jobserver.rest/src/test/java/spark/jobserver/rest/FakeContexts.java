package spark.jobserver.rest;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import spark.jobserver.api.Context;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** Contexts that come up and go when a test says so. */
public final class FakeContexts implements Contexts {
  public static final Instant START = Instant.parse("2013-05-29T00:00:00.5Z");

  public final Map<String, Context> known = new ConcurrentHashMap<>();

  /** Those whose view was asked for. */
  public final List<Caller> callers = new CopyOnWriteArrayList<>();

  public volatile List<String> names = List.of();

  /** What {@link #start} returns. */
  public volatile Optional<DriverStart> start = Optional.empty();

  /** What {@link #namedObjects} returns. */
  public volatile CompletionStage<List<NamedObject>> objects = new CompletableFuture<>();

  /** Completes when {@link #namedObjects} was called. */
  public final CompletableFuture<String> objectsAsked = new CompletableFuture<>();

  /** What {@link #create} returns and was asked. */
  public volatile CompletionStage<Context> created = new CompletableFuture<>();

  /** Completes when {@link #create} was called. */
  public final CompletableFuture<String> asked = new CompletableFuture<>();

  public volatile Map<String, String> parameters = Map.of();
  public volatile String body = "";

  /** What {@link #stop} returns. */
  public volatile CompletionStage<Context> stopped = new CompletableFuture<>();

  /** What {@link #reset} returns. */
  public volatile CompletionStage<Void> reset = new CompletableFuture<>();

  /** Completes when {@link #reset} was called. */
  public final CompletableFuture<Void> resetAsked = new CompletableFuture<>();

  /** What every method throws, where there is something. */
  public volatile Optional<RuntimeException> failure = Optional.empty();

  public static Context started(String name) {
    return Context.started("c-1", name, "factory", "{}", START, "bundle", "");
  }

  public FakeContexts with(Context context) {
    known.put(context.name(), context);
    return this;
  }

  @Override
  public Contexts of(Caller caller) {
    callers.add(caller);
    return this;
  }

  @Override
  public List<String> names() {
    fail();
    return names;
  }

  @Override
  public Optional<Context> find(String name) {
    fail();
    return Optional.ofNullable(known.get(name));
  }

  @Override
  public Optional<DriverStart> start(String contextId) {
    fail();
    return start;
  }

  @Override
  public CompletionStage<List<NamedObject>> namedObjects(String name) {
    fail();
    objectsAsked.complete(name);
    return objects;
  }

  @Override
  public CompletionStage<Context> create(String name, Map<String, String> settings, String hocon) {
    fail();
    parameters = settings;
    body = hocon;
    asked.complete(name);
    return created;
  }

  @Override
  public CompletionStage<Context> stop(String name) {
    fail();
    if (!known.containsKey(name)) {
      throw new JobserverException(ErrorCode.CONTEXT_NOT_FOUND, "context " + name + " not found");
    }
    return stopped;
  }

  @Override
  public CompletionStage<Void> reset() {
    fail();
    resetAsked.complete(null);
    return reset;
  }

  private void fail() {
    failure.ifPresent(
        error -> {
          throw error;
        });
  }
}
