package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.server.ContextFactories.FactoryInfo;

/**
 * {@code /context-factories}: what can make contexts now. Answered on the container's thread, for
 * the core knows it by heart.
 */
@Component(service = ContextFactoriesResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/context-factories")
public final class ContextFactoriesResource {
  private final Core core;

  @Activate
  public ContextFactoriesResource(@Reference Core core) {
    this.core = core;
  }

  /** The factories, ordered by name. */
  @GET
  @Operation(operationId = "listContextFactories")
  public Response list() {
    List<FactoryReport> report =
        core.contextFactories().list().stream().map(FactoryReport::of).toList();
    return Answer.ok(report);
  }

  /**
   * A factory.
   *
   * @param name what callers give as {@code context-factory}
   * @param bundle the symbolic name of its bundle
   * @param version the version of its bundle
   */
  record FactoryReport(String name, String bundle, String version) {
    static FactoryReport of(FactoryInfo factory) {
      return new FactoryReport(factory.name(), factory.bundle(), factory.version());
    }
  }
}
