package spark.jobserver.rest;

import static org.osgi.service.jakartars.whiteboard.JakartarsWhiteboardConstants.JAKARTA_RS_DEFAULT_APPLICATION;

import jakarta.ws.rs.core.Application;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsApplicationBase;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/**
 * The application that resources belong to which name no other, those of plugins too. It takes the
 * place of the whiteboard's own, so that Jersey can be told how to behave.
 */
@Component(service = Application.class)
@JakartarsApplicationBase("/")
@JakartarsName(JAKARTA_RS_DEFAULT_APPLICATION)
public final class RestApplication extends Application {
  /** Jersey's settings, by the names that its documentation gives them. */
  @Override
  public Map<String, Object> getProperties() {
    return Map.of(
        // A route that nobody asked for.
        "jersey.config.server.wadl.disableWadl", true,
        // curl sends an empty body as a form; its query is not one, and no reason to warn.
        "jersey.config.servlet.form.queryParams.disabled", true,
        // An event goes out when it is told; the container gathers what is not to go out at once.
        "jersey.config.server.contentLength.buffer", 0,
        // The container would make a page of HTML of an error.
        "jersey.config.server.response.setStatusOverSendError", true);
  }
}
