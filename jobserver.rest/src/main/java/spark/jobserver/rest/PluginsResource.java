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
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins.Plugin;

/** {@code /plugins}: the bundles that an operator adds. They are changed where that is allowed. */
@Component(service = PluginsResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/plugins")
public final class PluginsResource {
  private final Core core;
  private final Answers answers;

  @Activate
  public PluginsResource(@Reference Core core, @Reference Answers answers) {
    this.core = core;
    this.answers = answers;
  }

  /** The plugins, ordered by name. */
  @GET
  @Operation(operationId = "listPlugins")
  public Response list() {
    return Answer.ok(core.plugins().list().stream().map(PluginReport::of).toList());
  }

  /** One of them. */
  @GET
  @Path("{name}")
  @Operation(operationId = "getPlugin")
  public Response find(@BeanParam Request request) {
    return Answer.ok(PluginReport.of(plugin(request.name())));
  }

  private Plugin plugin(String name) {
    return core.plugins()
        .find(name)
        .orElseThrow(
            () ->
                new JobserverException(
                    ErrorCode.PLUGIN_NOT_FOUND, "There is no plugin " + name + "."));
  }

  /** Checks a bundle and starts it, in place of the one that is there under its name. */
  @PUT
  @Path("{name}")
  @Operation(operationId = "installPlugin")
  public void install(
      @Suspended AsyncResponse suspended, @BeanParam Request request, InputStream body) {
    String name = request.name();
    Optional<String> length = request.header(HttpHeaders.CONTENT_LENGTH);
    InputStream whole = request.body(body);
    answers.giveLater(
        suspended,
        request,
        () -> CompletableFuture.completedFuture(install(name, length, whole)),
        UnaryOperator.identity());
  }

  private Response install(String name, Optional<String> length, InputStream body)
      throws IOException {
    RequestBody bytes = new RequestBody(body, answers.settings().maxUploadSize());
    bytes.checkLength(length);
    try {
      checkChangeable();
      boolean there = core.plugins().find(name).isPresent();
      Plugin plugin = core.plugins().install(name, bytes);
      return Answer.of(there ? 200 : 201, PluginReport.of(plugin));
    } catch (JobserverException e) {
      bytes.discard();
      throw e;
    }
  }

  /** Goes back to the previous revision. */
  @POST
  @Path("{name}/rollback")
  @Operation(operationId = "rollBackPlugin")
  public void rollBack(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    answers.give(
        suspended,
        request,
        () -> {
          checkChangeable();
          return Answer.ok(PluginReport.of(core.plugins().rollBack(name)));
        });
  }

  /** Removes a plugin and its file. */
  @DELETE
  @Path("{name}")
  @Operation(operationId = "removePlugin")
  public void remove(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    answers.give(
        suspended,
        request,
        () -> {
          checkChangeable();
          core.plugins().remove(name);
          return Answer.ok(StatusReport.SUCCESS);
        });
  }

  private void checkChangeable() {
    if (!answers.settings().changePlugins()) {
      throw new JobserverException(
          ErrorCode.PLUGINS_FIXED,
          "Plugins are not changed over HTTP here: "
              + RestConfig.PID
              + ".change-plugins is false.");
    }
  }
}
