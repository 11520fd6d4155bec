package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** {@code /} and below it: what tells of the other routes. */
@Component(service = DocumentationResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/")
public final class DocumentationResource {
  private final Documentation documentation;
  private final Answers answers;

  @Activate
  public DocumentationResource(@Reference Documentation documentation, @Reference Answers answers) {
    this.documentation = documentation;
    this.answers = answers;
  }

  /** The routes in OpenAPI. */
  @GET
  @Path("openapi.json")
  @Operation(operationId = "getOpenApi")
  public void openApi(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    answers.give(request, () -> Answer.json(documentation.now().openApi()));
  }

  /** The routes on a page. */
  @GET
  @Path("docs/api")
  @Operation(operationId = "getApiPage")
  public void apiPage(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    answers.give(request, () -> Page.answer(documentation.now().page()));
  }

  /** Where the rest is. */
  @GET
  @Operation(operationId = "getIndex")
  public void index(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    answers.give(request, () -> Page.answer(IndexPage.text()));
  }

  /** The same, where spark-jobserver has its pages. */
  @GET
  @Path("html/{page: .*}")
  @Operation(operationId = "getIndexUnderOldAddress")
  public void oldIndex(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    index(suspended, request);
  }
}
