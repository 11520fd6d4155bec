package spark.jobserver.core.context;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;
import spark.jobserver.link.server.CommandLog;

/**
 * Asks the driver of a context what its jobs share by name. A question waits for its answer in
 * memory alone, and not for long. Methods may be called from any thread, and none blocks.
 */
final class ObjectQuestions {
  private final String name;
  private final CommandLog commands;
  private final BooleanSupplier reachable;
  private final ScheduledExecutorService timer;
  private final Duration patience;
  private final Map<String, CompletableFuture<List<NamedObject>>> open = new ConcurrentHashMap<>();

  /**
   * @param name the context's
   * @param commands what its driver is told
   * @param reachable whether its driver has shown itself lately
   * @param patience how long a question waits
   */
  ObjectQuestions(
      String name,
      CommandLog commands,
      BooleanSupplier reachable,
      ScheduledExecutorService timer,
      Duration patience) {
    this.name = name;
    this.commands = commands;
    this.reachable = reachable;
    this.timer = timer;
    this.patience = patience;
  }

  /**
   * Asks.
   *
   * @return the objects in the order of their names; or fails with {@link ErrorCode#UNAVAILABLE}
   */
  CompletionStage<List<NamedObject>> ask() {
    if (!reachable.getAsBoolean()) {
      return CompletableFuture.failedFuture(
          unavailable("The driver of context %s is out of reach. Try again.".formatted(name)));
    }
    String id = UUID.randomUUID().toString();
    CompletableFuture<List<NamedObject>> answer = new CompletableFuture<>();
    open.put(id, answer);
    ScheduledFuture<?> clock =
        timer.schedule(() -> giveUp(answer), patience.toMillis(), TimeUnit.MILLISECONDS);
    CompletionStage<List<NamedObject>> answered =
        answer.whenComplete(
            (objects, error) -> {
              open.remove(id);
              clock.cancel(false);
            });
    commands.append(new Command.ListNamedObjects(id));
    return answered;
  }

  private void giveUp(CompletableFuture<List<NamedObject>> answer) {
    answer.completeExceptionally(
        unavailable(
            "The driver of context %s has not said within %d s what its jobs share. Try again."
                .formatted(name, patience.toSeconds())));
  }

  private static JobserverException unavailable(String why) {
    return new JobserverException(ErrorCode.UNAVAILABLE, why);
  }

  /** The driver answers, perhaps again, and perhaps too late. */
  void answered(Event.NamedObjectsListed answer) {
    CompletableFuture<List<NamedObject>> waiting = open.get(answer.requestId());
    if (waiting != null) {
      waiting.complete(
          answer.objects().stream()
              .map(Event.ObjectEntry::object)
              .sorted(Comparator.comparing(NamedObject::name))
              .toList());
    }
  }

  /** The context is over: nobody will answer. */
  void contextOver() {
    for (CompletableFuture<List<NamedObject>> answer : open.values()) {
      answer.completeExceptionally(notFound(name));
    }
  }

  /** The core goes: nobody will hear an answer. */
  void leave() {
    for (CompletableFuture<List<NamedObject>> answer : open.values()) {
      answer.completeExceptionally(unavailable("The store went away. Try again."));
    }
  }

  /** What is told of a context that is not live. */
  static JobserverException notFound(String name) {
    return new JobserverException(
        ErrorCode.CONTEXT_NOT_FOUND, "can't find context with name " + name);
  }
}
