package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobRequest.Dependency;

/**
 * What eggs and wheels hold, laid out in one folder as pip would install it, for executors: in a
 * zip file that Spark unpacks there. Of files with the same name the first counts. Workers of the
 * driver do the same in Python ({@code binaries.py}).
 */
final class SitePackages {
  private static final Pattern COMPILED = pattern(".*\\.(so|dylib)(\\.[0-9.]+)?");

  /** Folders of a wheel's {@code .data} folder that belong at the top. */
  private static final Pattern ROOT = pattern("[^/]+\\.data/(purelib|platlib)/(.+)");

  private static final Pattern OTHER_DATA = pattern("[^/]+\\.data/.*");
  private static final Pattern OUTSIDE = pattern("/.*|(.*/)?\\.\\.(/.*)?");
  private static final Pattern CACHED = pattern("(.*/)?__pycache__/.*");

  private SitePackages() {}

  private static Pattern pattern(String name) {
    return Pattern.compile(name, Pattern.DOTALL); // a name may have a line break in it
  }

  /**
   * Whether Python cannot import all of a binary from the archive itself: it has parts that were
   * compiled for a processor, or the layout of wheels that have such parts. One that cannot be read
   * here is left to who unpacks it, who will say why.
   */
  static boolean mustBeUnpacked(Binary binary, Path archive) throws IOException {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      return zip.stream()
          .map(ZipEntry::getName)
          .anyMatch(
              name ->
                  COMPILED.matcher(name).matches()
                      || (binary.type() == BinaryType.WHEEL && ROOT.matcher(name).matches()));
    } catch (ZipException e) {
      return false;
    }
  }

  /**
   * Writes the zip file.
   *
   * @throws IOException naming the binary that cannot be unpacked
   */
  static void write(List<Dependency> binaries, Path target) throws IOException {
    Set<String> names = new HashSet<>();
    try (OutputStream file = Files.newOutputStream(target);
        ZipOutputStream out = new ZipOutputStream(file)) {
      // It is read once on each executor: what compressing takes is more than what it saves.
      out.setLevel(0);
      for (Dependency binary : binaries) {
        try (ZipFile zip = new ZipFile(binary.archive().toFile())) {
          for (ZipEntry entry : zip.stream().toList()) {
            Optional<String> name = place(entry.getName(), binary.binary().type());
            if (!entry.isDirectory() && name.isPresent() && names.add(name.get())) {
              copy(zip, entry, name.get(), out);
            }
          }
        } catch (IOException e) {
          throw new IOException(
              "The binary %s cannot be unpacked: %s"
                  .formatted(binary.binary().name(), e.getMessage()),
              e);
        }
      }
    }
  }

  private static void copy(ZipFile zip, ZipEntry entry, String name, ZipOutputStream out)
      throws IOException {
    ZipEntry copied = new ZipEntry(name);
    copied.setTime(0);
    out.putNextEntry(copied);
    CRC32 sum = new CRC32();
    try (InputStream in = zip.getInputStream(entry)) {
      in.transferTo(new CheckedOutputStream(out, sum));
    }
    if (sum.getValue() != entry.getCrc()) { // which Java leaves to who reads
      throw new ZipException("bad CRC-32 of " + entry.getName());
    }
    out.closeEntry();
  }

  /** Where a file of a binary goes; nowhere, if it is not wanted. */
  static Optional<String> place(String entry, BinaryType type) throws ZipException {
    String name = entry.replace('\\', '/');
    if (OUTSIDE.matcher(name).matches() || name.indexOf('\0') >= 0) {
      throw new ZipException("'" + entry + "' would lie outside its folder");
    }
    if (CACHED.matcher(name).matches()) {
      return Optional.empty(); // compiled by whoever built it, maybe for another Python
    }
    if (type == BinaryType.WHEEL) {
      var root = ROOT.matcher(name);
      if (root.matches()) {
        return Optional.of(root.group(2));
      }
      if (OTHER_DATA.matcher(name).matches()) {
        return Optional.empty();
      }
    }
    return Optional.of(name);
  }
}
