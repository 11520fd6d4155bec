package spark.jobserver.core.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.Content;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.Sha256;

/**
 * The bytes of bundles by their digest: what drivers install. They stay when the operator's file is
 * replaced or gone, for a context keeps the revision that it was made with.
 */
@Component(service = BundleStore.class)
public final class BundleStore {
  private final Path folder;
  private final Map<Revision, BundleFile> known = new ConcurrentHashMap<>();

  /** One state of a bundle: its time changes with every update. */
  private record Revision(long bundleId, long lastModified) {}

  @Activate
  public BundleStore(BundleContext bundle) throws IOException {
    this(DataFolder.of(bundle).bundles());
  }

  /**
   * @param folder where the bytes are kept
   */
  public BundleStore(Path folder) {
    this.folder = folder;
  }

  /**
   * Keeps a bundle as it is installed now.
   *
   * @throws UncheckedIOException when its bytes cannot be read or kept
   */
  BundleFile keep(Bundle bundle) {
    Revision revision = new Revision(bundle.getBundleId(), bundle.getLastModified());
    return known.computeIfAbsent(
        revision,
        key ->
            new BundleFile(
                bundle.getSymbolicName(),
                bundle.getVersion().toString(),
                copy(bundle.getLocation())));
  }

  private String copy(String location) {
    try {
      Path part = Files.createTempFile(folder, "bundle", ".part");
      try {
        MessageDigest sha = Sha256.digest();
        try (InputStream in = URI.create(location).toURL().openStream();
            OutputStream out = new DigestOutputStream(Files.newOutputStream(part), sha)) {
          in.transferTo(out);
        }
        String digest = HexFormat.of().formatHex(sha.digest());
        Files.move(part, file(digest), StandardCopyOption.ATOMIC_MOVE);
        return digest;
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the bundle at " + location + " cannot be kept", e);
    }
  }

  private Path file(String digest) {
    return folder.resolve(digest + ".jar");
  }

  /** The bytes of a bundle. */
  public Optional<Content> find(String digest) throws IOException {
    Path file = file(digest);
    return Files.exists(file) ? Optional.of(Content.of(file)) : Optional.empty();
  }

  /**
   * Removes the bundles that nobody needs any more. Those that were kept lately stay: the context
   * they were kept for may not be on record yet.
   *
   * @param needed the digests of those that must stay
   * @param before only what was kept before this time goes
   * @throws IOException when the folder cannot be read
   */
  public void retain(Set<String> needed, Instant before) throws IOException {
    Set<String> installed =
        known.values().stream().map(BundleFile::digest).collect(Collectors.toSet());
    List<Path> files;
    try (Stream<Path> list = Files.list(folder)) {
      files = list.toList();
    }
    for (Path file : files) {
      String digest = file.getFileName().toString().replaceFirst("\\.jar$", "");
      boolean needless = !needed.contains(digest) && !installed.contains(digest);
      if (needless && Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
        Files.deleteIfExists(file);
      }
    }
  }
}
