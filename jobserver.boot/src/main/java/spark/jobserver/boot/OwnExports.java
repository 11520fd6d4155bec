package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The packages that bundles say they export. */
final class OwnExports {
  private OwnExports() {}

  /**
   * Reads the manifests of bundles.
   *
   * @throws IOException when a jar cannot be read
   */
  static Set<String> of(Collection<Path> bundles) throws IOException {
    Set<String> packages = new HashSet<>();
    for (Path bundle : bundles) {
      try (JarFile jar = new JarFile(bundle.toFile())) {
        Manifest manifest = jar.getManifest();
        String header =
            manifest == null ? null : manifest.getMainAttributes().getValue("Export-Package");
        if (header != null) {
          packages.addAll(packages(header));
        }
      }
    }
    return packages;
  }

  /** The names of the packages in an {@code Export-Package} header. */
  static Set<String> packages(String header) {
    String bare = header.replaceAll("\"[^\"]*\"", "");
    return Stream.of(bare.split(","))
        .flatMap(clause -> Stream.of(clause.split(";")))
        .map(String::trim)
        .filter(part -> !part.isEmpty() && !part.contains("="))
        .collect(Collectors.toSet());
  }
}
