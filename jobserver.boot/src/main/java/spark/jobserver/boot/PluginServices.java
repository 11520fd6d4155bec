package spark.jobserver.boot;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/**
 * What a started plugin adds to a server: the services that it has registered, each made once, and
 * those of components that wait for services of the server which are not up in a check.
 */
final class PluginServices {
  private static final String SCR = "org.osgi.service.component.runtime.ServiceComponentRuntime";
  private static final String CONTEXT_FACTORY = "spark.jobserver.api.context.ContextFactory";
  private static final String JOB_DAO = "spark.jobserver.api.dao.JobDao";
  private static final String HTTP = "osgi.http.whiteboard.";
  private static final String RESOURCE = "osgi.jakartars.resource";

  /** A component whose references cannot all be had; see the specification's DTO. */
  private static final int UNSATISFIED_REFERENCE = 2;

  private static final int FAILED_ACTIVATION = 16;

  private final Bundle plugin;
  private final ServerOffers offers;
  private final Findings findings;

  PluginServices(Bundle plugin, ServerOffers offers, Findings findings) {
    this.plugin = plugin;
    this.offers = offers;
    this.findings = findings;
  }

  /** Looks at everything; may take as long as the plugin's constructors do. */
  void look() {
    BundleContext context = plugin.getBundleContext();
    for (ServiceReference<?> reference : references()) {
      Object service = context.getService(reference);
      told(properties(reference), Optional.ofNullable(service).map(Object::getClass));
      if (service != null) {
        context.ungetService(reference);
      }
    }
    components();
  }

  private List<ServiceReference<?>> references() {
    ServiceReference<?>[] references = plugin.getRegisteredServices();
    return references == null ? List.of() : Arrays.asList(references);
  }

  private static Map<String, Object> properties(ServiceReference<?> reference) {
    Map<String, Object> properties = new HashMap<>();
    for (String key : reference.getPropertyKeys()) {
      properties.put(key, reference.getProperty(key));
    }
    return properties;
  }

  private void told(Map<String, Object> properties, Optional<? extends Class<?>> type) {
    List<String> interfaces = texts(properties.get(Constants.OBJECTCLASS));
    if (interfaces.contains(CONTEXT_FACTORY)) {
      factory(properties.get("context.factory"));
    } else if (interfaces.contains(JOB_DAO)) {
      findings.brings(
          "JobDao " + properties.getOrDefault("job.dao", "without the property job.dao"));
    } else if (isTrue(properties.get(RESOURCE))) {
      resource(type);
    } else if (properties.keySet().stream().anyMatch(key -> key.startsWith(HTTP))) {
      findings.problem(
          "It registers what answers HTTP by itself ("
              + String.join(", ", interfaces)
              + "). A plugin's routes come as JAX-RS resources (osgi.jakartars.resource=true), which"
              + " are under the server's authentication and tell errors as the server does.");
    } else if (properties.containsKey("osgi.jakartars.application.base")
        || isTrue(properties.get("osgi.jakartars.extension"))) {
      findings.problem(
          "It registers an application or an extension of JAX-RS ("
              + String.join(", ", interfaces)
              + "), which would change how the server's own routes answer. A plugin's routes come as"
              + " resources (osgi.jakartars.resource=true).");
    } else {
      interfaces.stream()
          .filter(one -> !one.startsWith("org.osgi.service.component."))
          .forEach(one -> findings.brings("service " + one));
    }
  }

  private void factory(Object name) {
    if (!(name instanceof String text) || text.isEmpty()) {
      findings.problem(
          "It registers a ContextFactory without the service property context.factory, the name that"
              + " callers give.");
    } else if (offers.factories().contains(text)) {
      findings.problem("It brings the context factory " + text + ", which is the server's own.");
    } else {
      findings.brings("ContextFactory " + text);
    }
  }

  private void resource(Optional<? extends Class<?>> type) {
    Optional<String> path = type.flatMap(ServerOffers::path);
    if (path.isEmpty()) {
      findings.problem(
          "It registers a JAX-RS resource whose class has no annotation @Path: "
              + type.map(Class::getName).orElse("it cannot be made"));
      return;
    }
    String segment = ServerOffers.firstSegment(path.get());
    if (segment.isEmpty() || segment.startsWith("{")) {
      findings.problem(
          "Its resource at \"%s\" would answer for every path. Begin with a word of its own."
              .formatted(path.get()));
    } else if (offers.segments().contains(segment)) {
      findings.problem(
          "Its resource at \"%s\" claims /%s, which the server answers itself. Begin with another word."
              .formatted(path.get(), segment));
    } else {
      findings.brings("REST /" + path.get().replaceFirst("^/+", ""));
    }
  }

  private static boolean isTrue(Object value) {
    return "true".equals(String.valueOf(value));
  }

  // Components, told by the component runtime. Its classes are a bundle's, and not known here.

  private void components() {
    BundleContext context = plugin.getBundleContext();
    ServiceReference<?> reference = context.getServiceReference(SCR);
    if (reference == null) {
      return;
    }
    Object runtime = context.getService(reference);
    try {
      Bundle[] bundles = {plugin};
      for (Object description :
          values(call(runtime, "getComponentDescriptionDTOs", Bundle[].class, bundles))) {
        Class<?> type = description.getClass();
        for (Object configuration :
            values(call(runtime, "getComponentConfigurationDTOs", type, description))) {
          component(description, configuration);
        }
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the component runtime has other methods than expected", e);
    }
  }

  private static Object call(Object runtime, String method, Class<?> type, Object argument)
      throws ReflectiveOperationException {
    try {
      return Stream.of(runtime.getClass().getMethods())
          .filter(one -> one.getName().equals(method) && one.getParameterCount() == 1)
          .filter(one -> one.getParameterTypes()[0].isAssignableFrom(type))
          .findFirst()
          .orElseThrow(() -> new NoSuchMethodException(method))
          .invoke(runtime, argument);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static Object field(Object dto, String name) throws ReflectiveOperationException {
    return dto.getClass().getField(name).get(dto);
  }

  private void component(Object description, Object configuration)
      throws ReflectiveOperationException {
    int state = (Integer) field(configuration, "state");
    String name = String.valueOf(field(description, "name"));
    if (state == FAILED_ACTIVATION) {
      String failure = String.valueOf(field(configuration, "failure"));
      findings.problem("Its component " + name + " cannot be made: " + reason(failure));
    } else if (state == UNSATISFIED_REFERENCE) {
      unsatisfied(name, description, configuration);
    }
  }

  /** The last cause of a stack trace, with the plugin's own place in it. */
  private String reason(String trace) {
    List<String> lines = trace.lines().map(String::strip).toList();
    int last = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith("Caused by: ")) {
        last = i;
      }
    }
    Optional<String> place =
        lines.stream()
            .skip(last)
            .filter(line -> line.startsWith("at "))
            .map(line -> line.substring(3))
            .filter(line -> isOwn(line))
            .findFirst();
    return lines.get(last).replaceFirst("^Caused by: ", "")
        + place.map(at -> ", at " + at).orElse("")
        + ".";
  }

  private boolean isOwn(String frame) {
    String method = frame.replaceFirst("\\(.*", "");
    int dot = method.lastIndexOf('.');
    String type = method.substring(method.lastIndexOf('/') + 1, Math.max(dot, 0));
    return plugin.getEntry(type.replace('.', '/') + ".class") != null;
  }

  private void unsatisfied(String name, Object description, Object configuration)
      throws ReflectiveOperationException {
    Map<String, String> wanted = new HashMap<>();
    for (Object reference : values(field(description, "references"))) {
      wanted.put(
          String.valueOf(field(reference, "name")),
          String.valueOf(field(reference, "interfaceName")));
    }
    boolean offered = true;
    for (Object reference : values(field(configuration, "unsatisfiedReferences"))) {
      String type = wanted.getOrDefault(String.valueOf(field(reference, "name")), "");
      if (!offers.hasService(type)) {
        offered = false;
        findings.unresolved(
            "Its component %s needs a service %s, which nobody here offers.".formatted(name, type));
      }
    }
    List<String> interfaces = texts(field(description, "serviceInterfaces"));
    if (offered && !interfaces.isEmpty()) {
      Map<String, Object> properties = new HashMap<>();
      if (field(description, "properties") instanceof Map<?, ?> own) {
        own.forEach((key, value) -> properties.put(String.valueOf(key), value));
      }
      properties.put(Constants.OBJECTCLASS, interfaces);
      told(properties, type(String.valueOf(field(description, "implementationClass"))));
    }
  }

  private Optional<? extends Class<?>> type(String name) {
    try {
      return Optional.of(plugin.loadClass(name));
    } catch (ClassNotFoundException | LinkageError e) {
      findings.problem("Its class " + name + " cannot be loaded: " + e);
      return Optional.empty();
    }
  }

  private static List<Object> values(Object several) {
    List<Object> values = new ArrayList<>();
    if (several instanceof Collection<?> collection) {
      values.addAll(collection);
    } else if (several != null && several.getClass().isArray()) {
      for (int i = 0; i < Array.getLength(several); i++) {
        values.add(Array.get(several, i));
      }
    }
    return values;
  }

  private static List<String> texts(Object several) {
    return values(several).stream().map(String::valueOf).toList();
  }
}
