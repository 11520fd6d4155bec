package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** {@code /binaries}: uploads. */
@Component(service = BinariesResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/binaries")
public final class BinariesResource {
  private static final String STORAGE_FAILURE = "Storage Failure";
  private static final String DELETE_FAILURE =
      "Failed to delete binary due to internal error. Check logs.";

  private final Core core;
  private final Answers answers;

  @Activate
  public BinariesResource(@Reference Core core, @Reference Answers answers) {
    this.core = core;
    this.answers = answers;
  }

  /** The latest version of every name, as one object whose keys are the names. */
  @GET
  @Operation(operationId = "listBinaries")
  public void list(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          Map<String, BinaryReport.Entry> report = new LinkedHashMap<>();
          core.binaries(caller)
              .list()
              .forEach(binary -> report.put(binary.name(), BinaryReport.Entry.of(binary)));
          return Answer.ok(report);
        });
  }

  /** The latest version of a name. */
  @GET
  @Path("{name}")
  @Operation(operationId = "getBinary")
  public void find(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          Binary binary =
              core.binaries(caller)
                  .find(name)
                  .orElseThrow(
                      () ->
                          new JobserverException(
                              ErrorCode.BINARY_NOT_FOUND, "Can't find binary with name " + name));
          return Answer.ok(BinaryReport.of(binary));
        });
  }

  /**
   * Stores an upload, whose content type says what kind of archive it is. Its bytes go to the core
   * as they come in and are never gathered here. The time for a request does not count.
   */
  @POST
  @Path("{name}")
  @Operation(operationId = "uploadBinary")
  public void upload(
      @Suspended AsyncResponse suspended, @BeanParam Request request, InputStream body) {
    String name = request.name();
    Caller caller = request.caller();
    Upload upload = Upload.of(request);
    InputStream whole = request.body(body);
    answers.giveLater(
        request,
        () -> CompletableFuture.completedFuture(upload(name, upload, whole, caller)),
        RouteFailure.status(STORAGE_FAILURE));
  }

  private Response upload(String name, Upload upload, InputStream body, Caller caller)
      throws IOException {
    RequestBody bytes = new RequestBody(body, answers.settings().maxUploadSize());
    Optional<BinaryType> type = BinaryType.ofMediaType(upload.mediaType());
    if (type.isEmpty()) {
      if (!upload.waitsForLeave()) {
        bytes.discard();
      }
      return Answer.of(415, Message.error("Unsupported binary type " + upload.contentType()));
    }
    bytes.checkLength(upload.length());
    try {
      core.binaries(caller).upload(name, type.get(), bytes);
    } catch (JobserverException e) {
      bytes.discard();
      throw e;
    }
    return Answer.of(201, StatusReport.SUCCESS);
  }

  /** Removes all versions of a name. */
  @DELETE
  @Path("{name}")
  @Operation(operationId = "deleteBinary")
  public void delete(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String name = request.name();
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          core.binaries(caller).delete(name);
          return Answer.ok(StatusReport.SUCCESS);
        },
        RouteFailure.text(DELETE_FAILURE));
  }

  /**
   * What the headers say of an upload.
   *
   * @param contentType the header of that name, or what its absence stands for
   * @param length the header {@code Content-Length}
   * @param waitsForLeave whether the client does not send the body before it is told to
   */
  private record Upload(String contentType, Optional<String> length, boolean waitsForLeave) {
    static Upload of(Request request) {
      return new Upload(
          request
              .header(HttpHeaders.CONTENT_TYPE)
              .map(String::strip)
              .filter(type -> !type.isEmpty())
              .orElse("application/octet-stream"),
          request.header(HttpHeaders.CONTENT_LENGTH),
          request.header("Expect").isPresent());
    }

    /** The content type without its parameters. */
    String mediaType() {
      return contentType.split(";", 2)[0].strip();
    }
  }
}
