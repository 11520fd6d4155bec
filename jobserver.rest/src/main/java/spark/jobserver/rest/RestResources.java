package spark.jobserver.rest;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.jakartars.whiteboard.JakartarsWhiteboardConstants;
import org.osgi.util.tracker.ServiceTracker;

/**
 * The resources of the server's REST application as they come and go, those of plugins too. It
 * follows references, not services: some of the resources need it themselves.
 */
@Component(service = RestResources.class)
public final class RestResources {
  private final BundleContext context;
  private final ServiceTracker<Object, ServiceReference<Object>> tracker;

  @Activate
  public RestResources(BundleContext context) throws InvalidSyntaxException {
    this.context = context;
    this.tracker =
        new ServiceTracker<>(
            context,
            FrameworkUtil.createFilter(
                "(&("
                    + JakartarsWhiteboardConstants.JAKARTA_RS_RESOURCE
                    + "=true)(!("
                    + JakartarsWhiteboardConstants.JAKARTA_RS_APPLICATION_SELECT
                    + "=*)))"),
            null) {
          @Override
          public ServiceReference<Object> addingService(ServiceReference<Object> resource) {
            return resource;
          }

          @Override
          public void removedService(
              ServiceReference<Object> resource, ServiceReference<Object> same) {
            // It was not taken.
          }
        };
    tracker.open(true);
  }

  /** A number that is another one whenever a resource has come or gone. */
  int changes() {
    return tracker.getTrackingCount();
  }

  /** The classes of the resources that are there now. */
  Set<Class<?>> classes() {
    Set<Class<?>> classes = new HashSet<>();
    Optional.ofNullable(tracker.getServiceReferences()).stream()
        .flatMap(Arrays::stream)
        .forEach(resource -> classOf(resource).ifPresent(classes::add));
    return classes;
  }

  private Optional<Class<?>> classOf(ServiceReference<Object> resource) {
    Object service = context.getService(resource);
    if (service == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(service.getClass());
    } finally {
      context.ungetService(resource);
    }
  }

  @Deactivate
  void close() {
    tracker.close();
  }
}
