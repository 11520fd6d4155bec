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
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.server.JobserverException;

/** {@code /data}: files for jobs to read. */
@Component(service = DataResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/data")
public final class DataResource {
  private final Core core;
  private final Answers answers;

  @Activate
  public DataResource(@Reference Core core, @Reference Answers answers) {
    this.core = core;
    this.answers = answers;
  }

  /** The absolute paths of all files. */
  @GET
  @Operation(operationId = "listData")
  public void list(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    answers.give(
        request, () -> Answer.ok(core.dataFiles().list().stream().map(String::valueOf).toList()));
  }

  /** Stores an upload in a file whose name begins with the prefix. The time does not count. */
  @POST
  @Path("{name}")
  @Operation(operationId = "uploadData")
  public void upload(
      @Suspended AsyncResponse suspended, @BeanParam Request request, InputStream body) {
    String prefix = request.name();
    Optional<String> length = request.header(HttpHeaders.CONTENT_LENGTH);
    InputStream whole = request.body(body);
    answers.giveLater(
        request,
        () -> CompletableFuture.completedFuture(upload(prefix, length, whole)),
        RouteFailure.status("ERROR"));
  }

  private Response upload(String prefix, Optional<String> length, InputStream body)
      throws IOException {
    RequestBody bytes = new RequestBody(body, answers.settings().maxUploadSize());
    bytes.checkLength(length);
    try {
      return Answer.ok(Uploaded.as(core.dataFiles().upload(prefix, bytes)));
    } catch (JobserverException e) {
      bytes.discard();
      throw e;
    }
  }

  /** Removes a file; its name is its whole path, percent-encoded. */
  @DELETE
  @Path("{name}")
  @Operation(operationId = "deleteData")
  public void delete(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String path = request.name();
    answers.give(
        request,
        () -> {
          core.dataFiles().delete(path);
          return Answer.ok(StatusReport.SUCCESS);
        });
  }

  /** Removes all files. With {@code sync=false} the answer does not wait for that. */
  @PUT
  @Operation(operationId = "resetData")
  public void reset(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    Reset reset = Reset.of(request.query());
    answers.give(
        request,
        () -> {
          if (!reset.isUnderstood()) {
            return Reset.unknown();
          }
          core.dataFiles().clear();
          return reset.done("Data");
        });
  }

  /**
   * Where an upload is.
   *
   * @param result the file
   */
  record Uploaded(File result) {
    /**
     * A file.
     *
     * @param filename its absolute path
     */
    record File(String filename) {}

    static Uploaded as(java.nio.file.Path file) {
      return new Uploaded(new File(file.toString()));
    }
  }
}
