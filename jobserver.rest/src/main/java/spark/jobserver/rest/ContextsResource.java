package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.Context;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** {@code /contexts}: running environments for jobs. */
@Component(service = ContextsResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/contexts")
public final class ContextsResource {
  private static final String LIST_FAILURE = "UNEXPECTED ERROR OCCURRED";
  private static final String INIT_FAILURE = "CONTEXT INIT ERROR";
  private static final String DELETE_FAILURE = "CONTEXT DELETE ERROR";

  private final Core core;
  private final Answers answers;
  private final PostedTexts texts;

  @Activate
  public ContextsResource(
      @Reference Core core, @Reference Answers answers, @Reference PostedTexts texts) {
    this.core = core;
    this.answers = answers;
    this.texts = texts;
  }

  /** The names of the contexts that run or are stopping, the latest first. */
  @GET
  @Operation(operationId = "listContexts")
  public void list(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    Caller caller = request.caller();
    answers.give(
        request, () -> Answer.ok(core.contexts(caller).names()), RouteFailure.text(LIST_FAILURE));
  }

  /** The latest context of a name. */
  @GET
  @Path("{name}")
  @Operation(operationId = "getContext")
  public void find(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          Context context =
              core.contexts(caller)
                  .find(name)
                  .orElseThrow(
                      () ->
                          new JobserverException(
                              ErrorCode.CONTEXT_NOT_FOUND, "can't find context with name " + name));
          return Answer.ok(ContextReport.of(context, core.contexts(caller).start(context.id())));
        });
  }

  /** What the jobs of a context that is live share by name. Its driver is asked. */
  @GET
  @Path("{name}/objects")
  @Operation(operationId = "listNamedObjects")
  public void objects(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    Caller caller = request.caller();
    answers.giveLater(
        request,
        () ->
            core.contexts(caller)
                .namedObjects(name)
                .thenApply(
                    objects -> Answer.ok(objects.stream().map(NamedObjectReport::of).toList()))
                .toCompletableFuture()
                .completeOnTimeout(
                    answers.timedOut(),
                    answers.settings().requestTimeout().toMillis(),
                    TimeUnit.MILLISECONDS),
        RouteFailure.status("ERROR"));
  }

  /**
   * Makes a context. Every query parameter is a setting. Answers when the context runs, which the
   * core gives a limit, or has failed.
   *
   * @param body HOCON, whatever its content type
   */
  @POST
  @Path("{name}")
  @Operation(operationId = "createContext")
  public void create(
      @Suspended AsyncResponse suspended, @BeanParam Request request, InputStream body) {
    String name = request.name();
    Caller caller = request.caller();
    Map<String, String> settings = request.query().all();
    Optional<String> type = request.header(HttpHeaders.CONTENT_TYPE);
    InputStream whole = request.body(body);
    answers.giveLater(
        request,
        () ->
            texts
                .read(whole, type, config -> core.contexts(caller).create(name, settings, config))
                .thenApply(context -> Answer.ok(Message.success("Context initialized"))),
        RouteFailure.status(INIT_FAILURE));
  }

  /**
   * Stops a context. A context that takes its time is answered with 202 and where to ask again; it
   * goes on stopping.
   */
  @DELETE
  @Path("{name}")
  @Operation(operationId = "deleteContext")
  public void delete(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    Caller caller = request.caller();
    boolean force = request.query().flag("force");
    URI here = request.uri();
    answers.giveLater(
        request,
        () -> {
          if (force) {
            return CompletableFuture.completedFuture(refusalOfForce(name, caller));
          }
          return core.contexts(caller)
              .stop(name)
              .thenApply(context -> Answer.ok(Message.success("Context stopped")))
              .toCompletableFuture()
              .completeOnTimeout(
                  Response.accepted().location(here).build(),
                  answers.settings().contextDeletionTimeout().toMillis(),
                  TimeUnit.MILLISECONDS);
        },
        RouteFailure.status(DELETE_FAILURE));
  }

  /**
   * As where Spark's standalone cluster is not asked to kill: stopping ends the processes anyway.
   */
  private Response refusalOfForce(String name, Caller caller) {
    boolean there =
        core.contexts(caller).find(name).filter(context -> !context.state().isFinal()).isPresent();
    if (!there) {
      throw new JobserverException(ErrorCode.CONTEXT_NOT_FOUND, "context " + name + " not found");
    }
    FailureReport why =
        new FailureReport(
            "A context cannot be stopped by force; without force=true its processes are ended too",
            UnsupportedOperationException.class.getName(),
            "");
    return Answer.of(500, new ErrorReport(DELETE_FAILURE, why));
  }

  /**
   * Stops all contexts and makes those of the configuration again. With {@code sync=false} the
   * answer does not wait for that.
   */
  @PUT
  @Operation(operationId = "resetContexts")
  public void reset(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    Reset reset = Reset.of(request.query());
    Caller caller = request.caller();
    answers.giveLater(
        request,
        () -> {
          if (!reset.isUnderstood()) {
            return CompletableFuture.completedFuture(Reset.unknown());
          }
          CompletionStage<Response> done =
              core.contexts(caller).reset().thenApply(over -> reset.done("Context"));
          return reset.sync() ? done : CompletableFuture.completedFuture(reset.done("Context"));
        },
        RouteFailure.status("ERROR"));
  }
}
