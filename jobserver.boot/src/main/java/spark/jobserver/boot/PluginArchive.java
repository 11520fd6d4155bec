package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/** What can be said of a plugin's file without running anything of it. */
final class PluginArchive {
  private static final String SCALA_COLLECTIONS = "scala.collection";

  private final Findings findings;
  private final Set<String> own;

  /**
   * @param own the symbolic names of the server's own bundles
   */
  PluginArchive(Findings findings, Set<String> own) {
    this.findings = findings;
    this.own = own;
  }

  /**
   * Looks at a file.
   *
   * @return whether it is a bundle that a framework may be given
   */
  boolean check(Path file) {
    if (!file.toFile().isFile()) {
      findings.problem("There is no file " + file + ".");
      return false;
    }
    if (file.toFile().length() == 0) {
      findings.problem("The file is empty.");
      return false;
    }
    try (JarFile jar = new JarFile(file.toFile())) {
      names(Collections.list(jar.entries()).stream().map(ZipEntry::getName).toList());
      Manifest manifest = jar.getManifest();
      if (manifest == null) {
        findings.problem(
            "The jar has no manifest (META-INF/MANIFEST.MF): it is no bundle. Build it with bnd.");
        return false;
      }
      return headers(manifest.getMainAttributes()) && findings.areGood();
    } catch (ZipException e) {
      findings.problem("The file is no jar, or only a part of one: " + e.getMessage() + ".");
      return false;
    } catch (IOException | SecurityException | IllegalArgumentException e) {
      findings.problem("The file cannot be read: " + e.getMessage());
      return false;
    }
  }

  private void names(List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      boolean leaves =
          name.startsWith("/")
              || name.indexOf('\\') >= 0
              || name.matches("[A-Za-z]:.*")
              || Arrays.asList(name.split("/", -1)).contains("..");
      if (leaves) {
        findings.problem("The jar has an entry whose name leads out of it: " + name);
      }
      if (!seen.add(name)) {
        findings.problem("The jar has an entry twice: " + name);
      }
    }
  }

  private boolean headers(Attributes headers) {
    String name = headers.getValue(Constants.BUNDLE_SYMBOLICNAME);
    if (name == null || !"2".equals(headers.getValue(Constants.BUNDLE_MANIFESTVERSION))) {
      findings.problem(
          "The jar is no bundle: its manifest lacks Bundle-SymbolicName or Bundle-ManifestVersion:"
              + " 2. Build it with bnd.");
      return false;
    }
    String symbolicName = name.split(";", 2)[0].strip();
    findings.name(symbolicName, version(headers.getValue(Constants.BUNDLE_VERSION)));
    if (own.contains(symbolicName)) {
      findings.problem("It is called " + symbolicName + ", as a bundle of the server's own is.");
    }
    if (headers.getValue(Constants.FRAGMENT_HOST) != null) {
      findings.problem(
          "It is a fragment (Fragment-Host), which would become a part of another bundle.");
    }
    for (String header : List.of(Constants.IMPORT_PACKAGE, Constants.DYNAMICIMPORT_PACKAGE)) {
      OwnExports.packages(Optional.ofNullable(headers.getValue(header)).orElse("")).stream()
          .filter(one -> one.equals(SCALA_COLLECTIONS) || one.startsWith(SCALA_COLLECTIONS + "."))
          .sorted()
          .forEach(
              one ->
                  findings.problem(
                      "It imports "
                          + one
                          + ", which differs between the versions of Scala that Spark is built"
                          + " with. Use Spark's Java API, which has Java's collections."));
    }
    return true;
  }

  private String version(String text) {
    try {
      return Version.parseVersion(text).toString();
    } catch (IllegalArgumentException e) {
      findings.problem("Bundle-Version is wrong: " + e.getMessage() + ".");
      return "";
    }
  }
}
