package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.osgi.framework.Version;

/**
 * The packages in Spark's jars and their versions, for the framework to export. Spark's jars say
 * nothing of packages themselves: versions are those in the jars' names.
 *
 * <p>A scan takes some tenths of a second; what it found is kept in a file named after the names,
 * sizes and times of the jars, so that nothing ever has to be invalidated. Server and drivers share
 * the folder of these files.
 */
public final class SparkPackages {
  /** What this jar exports itself, beside Spark's packages; as package-info says. */
  static final String OWN_EXPORT = "spark.jobserver.boot;version=\"1.0.0\"";

  private static final String FORMAT = "1";

  /** Packages that Java or the framework itself exports, or that nobody should use from a jar. */
  private static final Pattern LEFT_OUT =
      Pattern.compile(
          "(java|jdk|sun|org\\.osgi|org\\.apache\\.felix|org\\.ietf|org\\.w3c|org\\.xml"
              + "|javax\\.xml\\.(namespace|stream)|javax\\.transaction\\.xa"
              + "|org\\.apache\\.spark\\.unused)(\\..*)?|javax\\.xml");

  private static final Pattern PACKAGE =
      Pattern.compile("[\\p{Alpha}_$][\\w$]*(\\.[\\p{Alpha}_$][\\w$]*)*");
  private static final Pattern JAR_NAME =
      Pattern.compile("(.+?)(?:_2\\.\\d\\d)?-(\\d[^/]*?)\\.jar");
  private static final Pattern JAR_VERSION =
      Pattern.compile(
          "(\\d{1,9})(?!\\d)(?:\\.(\\d{1,9})(?!\\d))?(?:\\.(\\d{1,9})(?!\\d))?[.\\-+_]?(.*)");

  private final SortedMap<String, Version> versions;

  private SparkPackages(SortedMap<String, Version> versions) {
    this.versions = versions;
  }

  /**
   * Writes for a resolver what the framework exports and provides, with the packages of a folder of
   * jars: {@code SparkPackages <folder of jars> <file to write> [<package>…]}. With packages named,
   * only these and what is below them are written.
   */
  public static void main(String[] args) throws IOException {
    if (args.length < 2) {
      System.err.println("Usage: SparkPackages <folder of jars> <file to write> [<package>...]");
      System.exit(ExitCode.USAGE.number());
    }
    List<String> wanted = Arrays.asList(args).subList(2, args.length);
    SparkPackages packages = of(Path.of(args[0]), Optional.empty());
    String clauses =
        packages.clauses(name -> wanted.isEmpty() || wanted.stream().anyMatch(w -> isIn(w, name)));
    Files.writeString(
        Path.of(args[1]),
        """
        # Written by %s from the jars of Spark: what the framework exports beside Java's packages.
        -runsystempackages.spark: \\
        \t%s
        -runsystemcapabilities.boot: \\
        \tosgi.service;objectClass:List<String>="%s";effective:=active
        """
            .formatted(
                SparkPackages.class.getName(),
                clauses.replace(",", ",\\\n\t"),
                Startup.class.getName()),
        UTF_8);
  }

  /**
   * The packages in a folder of jars.
   *
   * @param cache the folder to keep what was found in, made when needed; empty for none. A cache
   *     that cannot be written is done without.
   * @throws IOException when a jar cannot be read
   */
  static SparkPackages of(Path jars, Optional<Path> cache) throws IOException {
    List<Jar> found = list(jars);
    if (cache.isEmpty()) {
      return scan(found);
    }
    Path file = cache.get().resolve("spark-packages-" + fingerprint(found) + ".txt");
    Optional<SparkPackages> kept = read(file);
    if (kept.isPresent()) {
      return kept.get();
    }
    SparkPackages packages = scan(found);
    packages.write(file);
    return packages;
  }

  /** The value of {@code org.osgi.framework.system.packages.extra}, our own package included. */
  String systemPackages(Set<String> without) {
    return clauses(name -> !without.contains(name));
  }

  /**
   * All packages, {@code name=version}, with commas between: what every driver's framework exports.
   */
  String all() {
    return versions.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(","));
  }

  private String clauses(Predicate<String> wanted) {
    return versions.entrySet().stream()
        .filter(entry -> wanted.test(entry.getKey()))
        .map(entry -> entry.getKey() + ";version=\"" + entry.getValue() + "\"")
        .collect(Collectors.joining(",", OWN_EXPORT + ",", ""));
  }

  private static boolean isIn(String parent, String name) {
    return name.equals(parent) || name.startsWith(parent + ".");
  }

  private record Jar(Path path, long size, long time) {
    String name() {
      return path.getFileName().toString();
    }
  }

  private static List<Jar> list(Path folder) throws IOException {
    List<Jar> jars = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
      for (Path file : files) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        jars.add(new Jar(file, attributes.size(), attributes.lastModifiedTime().toMillis()));
      }
    }
    jars.sort((a, b) -> a.path().compareTo(b.path()));
    return jars;
  }

  private static String fingerprint(List<Jar> jars) {
    String text =
        jars.stream()
            .map(jar -> "%s|%d|%d%n".formatted(jar.path(), jar.size(), jar.time()))
            .collect(Collectors.joining("", FORMAT + "\n", ""));
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SparkPackages scan(List<Jar> jars) throws IOException {
    SortedMap<String, Version> versions = new TreeMap<>();
    SortedMap<String, Version> ofSpark = new TreeMap<>();
    try {
      List<Map.Entry<Jar, Set<String>>> packages =
          jars.parallelStream().map(jar -> Map.entry(jar, packages(jar.path()))).toList();
      for (Map.Entry<Jar, Set<String>> entry : packages) {
        Version version = version(entry.getKey().name());
        boolean spark = entry.getKey().name().startsWith("spark-");
        for (String name : entry.getValue()) {
          versions.merge(name, version, SparkPackages::higher);
          if (spark && isIn("org.apache.spark", name)) {
            ofSpark.merge(name, version, SparkPackages::higher);
          }
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    versions.putAll(ofSpark);
    return new SparkPackages(versions);
  }

  private static Version higher(Version a, Version b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  private static Set<String> packages(Path jar) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return Collections.list(zip.entries()).stream()
          .map(ZipEntry::getName)
          .filter(name -> name.endsWith(".class") && name.indexOf('/') > 0)
          .map(name -> name.substring(0, name.lastIndexOf('/')).replace('/', '.'))
          .distinct()
          .filter(name -> PACKAGE.matcher(name).matches() && !LEFT_OUT.matcher(name).matches())
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(new IOException("%s: %s".formatted(jar, e.getMessage()), e));
    }
  }

  /** The version that a jar's name carries, as OSGi writes it; 0.0.0 when there is none. */
  static Version version(String jar) {
    Matcher name = JAR_NAME.matcher(jar);
    if (!name.matches()) {
      return Version.emptyVersion;
    }
    Matcher parts = JAR_VERSION.matcher(name.group(2));
    if (!parts.matches()) {
      return Version.emptyVersion;
    }
    return new Version(
        number(parts.group(1)),
        number(parts.group(2)),
        number(parts.group(3)),
        parts.group(4).replaceAll("[^A-Za-z0-9_-]", "_"));
  }

  private static int number(String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private static Optional<SparkPackages> read(Path file) {
    try {
      SortedMap<String, Version> versions = new TreeMap<>();
      for (String line : Files.readAllLines(file, UTF_8)) {
        int space = line.indexOf(' ');
        versions.put(line.substring(0, space), Version.parseVersion(line.substring(space + 1)));
      }
      return Optional.of(new SparkPackages(versions));
    } catch (IOException | IllegalArgumentException | StringIndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** Written beside and moved into place: another process may do the same at the same time. */
  private void write(Path file) {
    try {
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(file.getParent(), "spark-packages-", ".part");
      List<String> lines =
          versions.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList();
      Files.write(part, lines, UTF_8);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      System.err.printf("The list of Spark's packages could not be kept in %s: %s%n", file, e);
    }
  }
}
