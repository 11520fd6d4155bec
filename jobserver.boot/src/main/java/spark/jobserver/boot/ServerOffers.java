package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleRevision;

/**
 * What bundles that are not started would offer a plugin, as they say themselves: by their
 * capabilities, and by the descriptions of their components.
 */
final class ServerOffers {
  private static final String SERVICE = "osgi.service";
  private static final Pattern FACTORY =
      Pattern.compile("name=\"context\\.factory\"[^>]*value=\"([^\"]+)\"");
  private static final Pattern RESOURCE = Pattern.compile("name=\"osgi\\.jakartars\\.resource\"");
  private static final Pattern CLASS = Pattern.compile("implementation\\s+class=\"([^\"]+)\"");

  private final List<Bundle> server;
  private final Set<String> services = new HashSet<>();

  /**
   * @param server the server's own bundles
   * @param others the other plugins
   */
  ServerOffers(List<Bundle> server, List<Bundle> others) {
    this.server = server;
    services.add(Startup.class.getName());
    Stream.concat(server.stream(), others.stream())
        .flatMap(
            bundle -> bundle.adapt(BundleRevision.class).getDeclaredCapabilities(SERVICE).stream())
        .map(capability -> capability.getAttributes().get("objectClass"))
        .forEach(
            names -> {
              if (names instanceof Collection<?> several) {
                several.forEach(one -> services.add(String.valueOf(one)));
              }
            });
  }

  /** Whether somebody says that he registers a service with this interface. */
  boolean hasService(String name) {
    return services.contains(name);
  }

  /** The names of the server's own context factories. */
  Set<String> factories() {
    Set<String> factories = new HashSet<>();
    for (Bundle bundle : server) {
      for (String component : components(bundle)) {
        Matcher names = FACTORY.matcher(component);
        while (names.find()) {
          factories.add(names.group(1));
        }
      }
    }
    return factories;
  }

  /** The first segments of the paths that the server answers itself. */
  Set<String> segments() {
    Set<String> segments = new HashSet<>();
    for (Bundle bundle : server) {
      for (String component : components(bundle)) {
        if (RESOURCE.matcher(component).find()) {
          Matcher name = CLASS.matcher(component);
          if (name.find()) {
            path(bundle, name.group(1)).map(ServerOffers::firstSegment).ifPresent(segments::add);
          }
        }
      }
    }
    return segments;
  }

  /** The path of a JAX-RS resource's class, as its annotation says; empty where it says none. */
  static Optional<String> path(Bundle bundle, String className) {
    try {
      return path(bundle.loadClass(className));
    } catch (ClassNotFoundException | LinkageError e) {
      return Optional.empty();
    }
  }

  /** As {@link #path(Bundle, String)}. The annotation is a bundle's, and not known here. */
  static Optional<String> path(Class<?> resource) {
    return Stream.of(resource.getAnnotations())
        .filter(one -> one.annotationType().getName().equals("jakarta.ws.rs.Path"))
        .findFirst()
        .map(
            one -> {
              try {
                return String.valueOf(one.annotationType().getMethod("value").invoke(one));
              } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  static String firstSegment(String path) {
    return path.replaceFirst("^/+", "").split("/", 2)[0];
  }

  private static List<String> components(Bundle bundle) {
    List<String> texts = new ArrayList<>();
    var files = bundle.findEntries("OSGI-INF", "*.xml", false);
    if (files != null) {
      for (URL file : Collections.list(files)) {
        try (InputStream in = file.openStream()) {
          texts.add(new String(in.readAllBytes(), UTF_8));
        } catch (IOException e) {
          throw new IllegalStateException(file + " cannot be read", e);
        }
      }
    }
    return texts;
  }
}
