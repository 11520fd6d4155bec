package spark.jobserver.rest;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.MDC;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;
import spark.jobserver.api.server.RequestObserver;

/**
 * The threads on which requests are worked on and answers written: reading a body, asking the core
 * (which asks a database), writing a result. A request takes a thread that is free, or else a new
 * one, up to as many as {@code threads} says; further requests queue.
 *
 * <p>They are not the container's, for two reasons. The whiteboard holds a lock while a request is
 * in its servlet; when a resource comes or goes it waits for all of them, and every new request
 * waits for it. So one slow upload and one plugin would stop the server. And an answer that another
 * thread brings (the end of a job) must not be written by that thread, for a client may read
 * slowly. No thread is held while a job runs, a context starts or a context stops.
 *
 * <p>The component is immediate, for the whiteboard lets go of all resources for a moment when it
 * reloads, and nobody's request may end by that.
 */
@Component(
    service = {Answers.class, Measured.class},
    immediate = true,
    configurationPid = RestConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class Answers implements Measured {
  private static final long IDLE_SECONDS = 60;

  private final RestSettings settings;
  private final AnswerCounter counter;
  private final ThreadPoolExecutor threads;
  private volatile boolean stopping;
  private final Set<CompletableFuture<Response>> open = ConcurrentHashMap.newKeySet();

  @Activate
  public Answers(RestConfig config, @Reference AnswerCounter counter) {
    this.counter = counter;
    this.settings = RestSettings.of(config);
    AtomicInteger count = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            0,
            settings.threads(),
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new Handover(),
            work -> {
              Thread thread = new Thread(work, "rest-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            Handover::queue);
  }

  /** What the configuration says. */
  RestSettings settings() {
    return settings;
  }

  /**
   * Answers with what this work gives, or, once the time for a request is over, that it is over.
   *
   * @param request one that Jersey has suspended
   */
  void give(Request request, Callable<Response> work) {
    give(request, work, UnaryOperator.identity());
  }

  /**
   * As {@link #give(Request, Callable)}.
   *
   * @param wording what to tell in place of what the work throws
   */
  void give(Request request, Callable<Response> work, UnaryOperator<Throwable> wording) {
    CompletableFuture<Response> answer = open(request);
    CompletableFuture<Response> clock =
        new CompletableFuture<Response>()
            .completeOnTimeout(
                timedOut(), settings.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
    clock.thenAcceptAsync(answer::complete, marked(threads, request.id()));
    // With the answer the clock stops, so that it keeps nothing in memory until it strikes.
    answer.whenComplete((response, error) -> clock.cancel(false));
    start(request, () -> CompletableFuture.completedFuture(work.call()), wording, answer);
  }

  /**
   * Answers with what this work leads to in the end. Where there is to be a limit, the work sets
   * it.
   *
   * @param request one that Jersey has suspended
   * @param wording what to tell in place of what the work throws or its stage fails with
   */
  void giveLater(
      Request request, Callable<CompletionStage<Response>> work, UnaryOperator<Throwable> wording) {
    start(request, work, wording, open(request));
  }

  /** Where work goes on that waited for a stage of another's, so that it takes none of theirs. */
  Executor threads() {
    return threads;
  }

  /** The answer to a request that took too long. */
  Response timedOut() {
    return Answer.of(
        500,
        Message.error(
            "Request timed out. Try using the /jobs/<jobID>, /jobs APIs to get status/results"));
  }

  /** An answer to come. The thread that completes it also writes it. */
  @SuppressWarnings("CollectionUndefinedEquality") // futures are told apart by identity
  private CompletableFuture<Response> open(Request request) {
    Exchange exchange =
        new Exchange(
            request.suspended(),
            request.header(HttpHeaders.ACCEPT),
            request.method().equals(HttpMethod.HEAD),
            counter);
    CompletableFuture<Response> answer = new CompletableFuture<>();
    open.add(answer);
    answer.whenComplete(
        (response, error) -> {
          open.remove(answer);
          exchange.answer(error == null ? response : ErrorMapper.answer(error));
        });
    return answer;
  }

  private void start(
      Request request,
      Callable<CompletionStage<Response>> work,
      UnaryOperator<Throwable> wording,
      CompletableFuture<Response> answer) {
    Executor marked = marked(threads, request.id());
    try {
      marked.execute(() -> run(work, wording, answer, marked));
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(stopping());
    }
  }

  /** The same threads; what is logged by what they do has a request's id, where that is known. */
  static Executor marked(Executor threads, Optional<String> request) {
    return request
        .<Executor>map(
            id ->
                work ->
                    threads.execute(
                        () -> {
                          MDC.put(RequestObserver.LOGGED_ID, id);
                          try {
                            work.run();
                          } finally {
                            MDC.remove(RequestObserver.LOGGED_ID);
                          }
                        }))
        .orElse(threads);
  }

  private void run(
      Callable<CompletionStage<Response>> work,
      UnaryOperator<Throwable> wording,
      CompletableFuture<Response> answer,
      Executor marked) {
    BiConsumer<Response, Throwable> settle =
        (response, error) -> {
          if (error != null) {
            answer.completeExceptionally(wording.apply(withoutWrapping(error)));
          } else if (!answer.complete(response)) {
            Exchange.close(response.getEntity());
          }
        };
    try {
      CompletableFuture<Response> result = work.call().toCompletableFuture();
      if (result.isDone()) {
        result.whenComplete(settle);
      } else {
        result.whenCompleteAsync(settle, marked);
      }
    } catch (Throwable e) {
      settle.accept(null, e);
    }
  }

  private static Throwable withoutWrapping(Throwable error) {
    Throwable inner = error;
    while (inner instanceof CompletionException && inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner;
  }

  /** How busy the threads are, by name. */
  Map<String, Long> gauges() {
    return Map.of(
        "rest.threads.active", (long) threads.getActiveCount(),
        "rest.threads.size", (long) threads.getPoolSize(),
        "rest.threads.max", (long) threads.getMaximumPoolSize(),
        "rest.requests.queued", (long) threads.getQueue().size(),
        "rest.requests.open", (long) open.size());
  }

  @Override
  public List<Measurement> measurements() {
    return List.of(
        gauge("jobserver_http_threads", "Threads that work on requests", threads.getActiveCount()),
        gauge(
            "jobserver_http_threads_max",
            "Threads that may work on requests",
            threads.getMaximumPoolSize()),
        gauge(
            "jobserver_http_requests_queued",
            "Requests that wait for a thread",
            threads.getQueue().size()),
        gauge("jobserver_http_requests_open", "Requests that are not answered yet", open.size()));
  }

  private static Measurement gauge(String name, String help, long value) {
    return Measurement.gauge(name, help, Map.of(), value);
  }

  /** Whether the server is being stopped: answers that go on and on end. */
  boolean isStopping() {
    return stopping;
  }

  /** Answers whoever still waits, so that no client hangs. */
  @Deactivate
  void stop() {
    stopping = true;
    threads.shutdown();
    open.forEach(answer -> answer.completeExceptionally(stopping()));
  }

  private static JobserverException stopping() {
    return new JobserverException(
        ErrorCode.UNAVAILABLE, "The server is stopping or changing. Try again.");
  }

  /**
   * Makes a pool prefer a free thread to a new one, and a new one to waiting: a plain queue would
   * let requests wait behind slow clients while threads may still be added, or add one for every
   * request until all are there.
   */
  private static final class Handover extends LinkedTransferQueue<Runnable> {
    private static final long serialVersionUID = 1;

    /** Takes work only where a thread waits for it. */
    @Override
    public boolean offer(Runnable work) {
      return tryTransfer(work);
    }

    /** Keeps work for which there is no thread, free or new. */
    static void queue(Runnable work, ThreadPoolExecutor pool) {
      if (pool.isShutdown()) {
        throw new RejectedExecutionException("the server is stopping");
      }
      pool.getQueue().add(work);
    }
  }
}
