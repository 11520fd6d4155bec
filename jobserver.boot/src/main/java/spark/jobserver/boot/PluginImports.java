package spark.jobserver.boot;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.namespace.BundleNamespace;
import org.osgi.framework.namespace.ExecutionEnvironmentNamespace;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;

/** Tells why a bundle does not resolve, in words for who has built it or wants to install it. */
final class PluginImports {
  private static final Pattern LEAST = Pattern.compile("\\((?:bundle-)?version>=([^)]+)\\)");
  private static final Pattern BELOW = Pattern.compile("\\(!\\((?:bundle-)?version>=([^)]+)\\)\\)");
  private static final Pattern ABOVE = Pattern.compile("\\(!\\((?:bundle-)?version<=([^)]+)\\)\\)");
  private static final Pattern MOST = Pattern.compile("\\((?:bundle-)?version<=([^)]+)\\)");

  private final Framework framework;
  private final Findings findings;
  private final String spark;

  /**
   * @param spark the version of the Spark whose packages the framework exports
   */
  PluginImports(Framework framework, Findings findings, String spark) {
    this.framework = framework;
    this.findings = findings;
    this.spark = spark;
  }

  /** Adds a problem for whatever a bundle lacks. */
  void explain(Bundle plugin) {
    FrameworkWiring wiring = framework.adapt(FrameworkWiring.class);
    List<BundleRequirement> missing =
        plugin.adapt(BundleRevision.class).getDeclaredRequirements(null).stream()
            .filter(PluginImports::counts)
            .filter(requirement -> wiring.findProviders(requirement).isEmpty())
            .toList();
    missing.forEach(requirement -> findings.unresolved(words(requirement)));
    if (missing.isEmpty()) {
      findings.unresolved("It does not resolve: " + reason(plugin));
    }
  }

  private static boolean counts(BundleRequirement requirement) {
    String effective =
        requirement.getDirectives().getOrDefault(Constants.EFFECTIVE_DIRECTIVE, "resolve");
    String resolution =
        requirement.getDirectives().getOrDefault(Constants.RESOLUTION_DIRECTIVE, "mandatory");
    return effective.equals(Constants.EFFECTIVE_RESOLVE)
        && !resolution.equals(Constants.RESOLUTION_OPTIONAL)
        && !resolution.equals("dynamic");
  }

  private String words(BundleRequirement requirement) {
    String filter = requirement.getDirectives().getOrDefault(Constants.FILTER_DIRECTIVE, "");
    return switch (requirement.getNamespace()) {
      case PackageNamespace.PACKAGE_NAMESPACE -> {
        String name = value(filter, PackageNamespace.PACKAGE_NAMESPACE).orElse(filter);
        yield "It imports the package %s%s: %s."
            .formatted(name, range(filter), there(PackageNamespace.PACKAGE_NAMESPACE, name));
      }
      case BundleNamespace.BUNDLE_NAMESPACE -> {
        String name = value(filter, BundleNamespace.BUNDLE_NAMESPACE).orElse(filter);
        yield "It requires the bundle %s%s: %s."
            .formatted(name, range(filter), there(BundleNamespace.BUNDLE_NAMESPACE, name));
      }
      case ExecutionEnvironmentNamespace.EXECUTION_ENVIRONMENT_NAMESPACE ->
          "It needs another Java: %s. Here is Java %d."
              .formatted(filter, Runtime.version().feature());
      default ->
          "It requires the capability %s with %s, which nobody here has."
              .formatted(requirement.getNamespace(), filter);
    };
  }

  /** Which versions of something are there, and from whom. */
  private String there(String namespace, String name) {
    TreeSet<String> versions =
        Stream.of(framework.getBundleContext().getBundles())
            .flatMap(
                bundle ->
                    bundle.adapt(BundleRevision.class).getDeclaredCapabilities(namespace).stream())
            .filter(capability -> name.equals(capability.getAttributes().get(namespace)))
            .map(this::offer)
            .collect(Collectors.toCollection(TreeSet::new));
    return versions.isEmpty()
        ? "nobody here has it, neither the server nor Spark %s nor another plugin".formatted(spark)
        : "here is " + String.join(", ", versions);
  }

  private String offer(BundleCapability capability) {
    Object version =
        Optional.ofNullable(capability.getAttributes().get(Constants.VERSION_ATTRIBUTE))
            .orElse(capability.getAttributes().get(Constants.BUNDLE_VERSION_ATTRIBUTE));
    Bundle from = capability.getRevision().getBundle();
    return version
        + " of "
        + (from.getBundleId() == 0 ? "Spark " + spark + " or Java" : from.getSymbolicName());
  }

  private static Optional<String> value(String filter, String key) {
    Matcher matcher =
        Pattern.compile(Pattern.quote("(" + key + "=") + "([^)]+)\\)").matcher(filter);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** A filter's range of versions as it is written in manifests; nothing where there is none. */
  static String range(String filter) {
    Optional<String> least = group(LEAST, BELOW.matcher(filter).replaceAll(""));
    Optional<String> above = group(ABOVE, filter);
    Optional<String> below = group(BELOW, filter);
    Optional<String> most = group(MOST, ABOVE.matcher(filter).replaceAll(""));
    if (least.or(() -> above).isEmpty()) {
      return "";
    }
    String from = least.map(version -> "[" + version).orElseGet(() -> "(" + above.orElseThrow());
    String to =
        below.map(version -> version + ")").or(() -> most.map(version -> version + "]")).orElse("");
    return " " + (to.isEmpty() ? "from " + from.substring(1) + " on" : from + "," + to);
  }

  private static Optional<String> group(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** What the framework says. */
  private static String reason(Bundle plugin) {
    try {
      plugin.start(Bundle.START_TRANSIENT);
      return "its packages do not fit each other";
    } catch (BundleException e) {
      return e.getMessage();
    }
  }
}
