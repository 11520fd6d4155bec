package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.JobRequest.Dependency;

/**
 * Brings files to the executors, each once in the life of a context. They are named by their
 * content, for a name that Spark knows with another content ruins a SparkContext.
 *
 * <p>Python imports from a plain egg or wheel as it is. One with compiled parts is unpacked on the
 * executors, and so are the binaries that a job depends on, all into one folder: of a longer list
 * Spark keeps no order.
 */
final class Shipments {
  private final Path folder;
  private final Carrier carrier;
  private final ConcurrentHashMap<String, String> shipped = new ConcurrentHashMap<>();
  private final String base;

  /** Hands files to Spark, which brings them to the executors. */
  interface Carrier {
    /** A file under its own name. */
    void file(Path file);

    /** What an archive holds, in a folder of this name. */
    void unpacked(Path archive, String folderName);
  }

  /**
   * Ships what every job needs.
   *
   * @param base a zip file with our modules
   * @param folder for the files that are shipped
   */
  Shipments(Path base, Path folder, Carrier carrier) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.carrier = carrier;
    this.base = base.getFileName().toString();
    carrier.file(base);
  }

  /**
   * Ships what a job imports from, as far as it has not been shipped.
   *
   * @throws IOException when a binary cannot be read, with words for the job's caller
   */
  Shipment ship(JobRequest job) throws IOException {
    Optional<Shipment.Dependencies> dependencies =
        job.dependencies().isEmpty() ? Optional.empty() : Optional.of(asOne(job.dependencies()));
    List<String> includes = new ArrayList<>();
    includes.add(base);
    if (dependencies.isPresent()) {
      includes.add(ship(dependencies.get()));
    }
    includes.add(ship(job.binary(), job.archive()));
    String own = job.binary().digest();
    String key = dependencies.map(others -> own + "+" + others.digest()).orElse(own);
    return new Shipment(key, includes, dependencies);
  }

  /** The same bytes count once, under however many names. */
  private static Shipment.Dependencies asOne(List<Dependency> dependencies) {
    Set<String> seen = new HashSet<>();
    List<Dependency> binaries =
        dependencies.stream().filter(one -> seen.add(key(one.binary()))).toList();
    String keys = binaries.stream().map(one -> key(one.binary())).collect(Collectors.joining("\n"));
    return new Shipment.Dependencies(binaries, BundledPython.sha256(keys.getBytes(UTF_8)));
  }

  private static String key(Binary binary) {
    return binary.type().label() + " " + binary.digest();
  }

  private String ship(Shipment.Dependencies dependencies) throws IOException {
    return once(
        dependencies.digest(), () -> shipUnpacked(dependencies.binaries(), dependencies.digest()));
  }

  private String ship(Binary binary, Path archive) throws IOException {
    return once(
        key(binary),
        () -> {
          if (SitePackages.mustBeUnpacked(binary, archive)) {
            String name = binary.digest() + "-" + binary.type().name().toLowerCase(Locale.ROOT);
            return shipUnpacked(List.of(new Dependency(binary, archive)), name);
          }
          String name = name(binary);
          carrier.file(linked(archive, folder.resolve(name)));
          return name;
        });
  }

  /** Ships something unless it has been shipped; what fails is tried again the next time. */
  private String once(String key, Shipping shipping) throws IOException {
    try {
      return shipped.computeIfAbsent(
          key,
          absent -> {
            try {
              return shipping.ship();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Ships something, and says under which name. */
  private interface Shipping {
    String ship() throws IOException;
  }

  private String shipUnpacked(List<Dependency> binaries, String name) throws IOException {
    Path zip = folder.resolve(name + ".unpacked.zip");
    SitePackages.write(binaries, zip);
    carrier.unpacked(zip, name);
    return name;
  }

  /** Spark imports from files that end so; from wheels it does not. */
  static String name(Binary binary) {
    return binary.digest() + (binary.type() == BinaryType.EGG ? ".egg" : ".zip");
  }

  /** A file of another name with the same content, whatever becomes of the first. */
  static Path linked(Path file, Path link) throws IOException {
    Files.deleteIfExists(link);
    try {
      Files.createLink(link, file);
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(file, link); // on another file system, or another user's
    }
    return link;
  }
}
