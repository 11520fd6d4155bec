package routes;

import com.fasterxml.jackson.databind.json.JsonMapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.service.jakartars.runtime.JakartarsServiceRuntime;
import org.osgi.service.jakartars.runtime.dto.ApplicationDTO;
import org.osgi.service.jakartars.runtime.dto.ResourceDTO;
import org.osgi.service.jakartars.runtime.dto.ResourceMethodInfoDTO;
import org.osgi.service.jakartars.runtime.dto.RuntimeDTO;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.service.servlet.runtime.dto.ServletContextDTO;

/** Tells what the whiteboards of HTTP and of REST would let answer a request, whoever's it is. */
public final class Routes extends HttpServlet {
  private static final long serialVersionUID = 1;
  private final transient BundleContext bundle;

  Routes(BundleContext bundle) {
    this.bundle = bundle;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    List<Map<String, String>> routes = new ArrayList<>();
    for (ServletContextDTO context :
        service(HttpServiceRuntime.class).getRuntimeDTO().servletContextDTOs) {
      Stream.of(context.servletDTOs)
          .flatMap(servlet -> Stream.of(servlet.patterns))
          .forEach(pattern -> routes.add(route("servlet", "", context.contextPath, pattern)));
      Stream.of(context.resourceDTOs)
          .flatMap(resource -> Stream.of(resource.patterns))
          .forEach(pattern -> routes.add(route("resource", "", context.contextPath, pattern)));
    }
    RuntimeDTO rest = service(JakartarsServiceRuntime.class).getRuntimeDTO();
    Stream.concat(Stream.of(rest.defaultApplication), Stream.of(rest.applicationDTOs))
        .forEach(application -> methods(application, routes));
    response.setContentType("application/json");
    new JsonMapper().writeValue(response.getOutputStream(), routes);
  }

  private static void methods(ApplicationDTO application, List<Map<String, String>> routes) {
    for (ResourceDTO resource : application.resourceDTOs) {
      for (ResourceMethodInfoDTO method : resource.resourceMethods) {
        routes.add(route("rest", method.method, application.base, method.path));
      }
    }
    for (ResourceMethodInfoDTO method : application.resourceMethods) {
      routes.add(route("rest", method.method, application.base, method.path));
    }
  }

  private static Map<String, String> route(String kind, String method, String base, String path) {
    return Map.of("kind", kind, "method", method, "path", base + "/" + path);
  }

  private <T> T service(Class<T> type) {
    return bundle.getService(bundle.getServiceReference(type));
  }
}
