package spark.jobserver.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in {@code <data>/url} where the server listens, for people and scripts: with port 0 nobody
 * could know otherwise. The file is there while the HTTP server runs. In a driver it does nothing.
 */
@Component(
    immediate = true,
    service = {})
public final class AddressFile implements ServiceTrackerCustomizer<Object, Path> {
  private static final Logger LOG = LoggerFactory.getLogger(AddressFile.class);

  /** The property by which HTTP servers tell where they listen. */
  private static final String ENDPOINT = "osgi.http.endpoint";

  private final Optional<ServiceTracker<Object, Path>> tracker;
  private final Path file;

  /** What the file says; guarded by this. */
  private String last = "";

  /** Watches for the HTTP server. */
  @Activate
  public AddressFile(BundleContext context) throws InvalidSyntaxException {
    Optional<String> data = Optional.ofNullable(context.getProperty("jobserver.data"));
    Filter servers = FrameworkUtil.createFilter("(" + ENDPOINT + "=http*)");
    this.tracker = data.map(folder -> new ServiceTracker<>(context, servers, this));
    this.file = Path.of(data.orElse(""), "url");
    tracker.ifPresent(ServiceTracker::open);
  }

  @Deactivate
  void close() {
    tracker.ifPresent(ServiceTracker::close);
  }

  @Override
  public Path addingService(ServiceReference<Object> reference) {
    modifiedService(reference, file);
    return file;
  }

  @Override
  public synchronized void modifiedService(ServiceReference<Object> reference, Path file) {
    String address = own(reference.getProperty(ENDPOINT));
    if (address.equals(last)) {
      return;
    }
    Path part = file.resolveSibling("url.part");
    try {
      Files.writeString(part, address + "\n", UTF_8);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      last = address;
      LOG.info("listening on {}", address);
    } catch (IOException e) {
      LOG.error("the address {} could not be written to {}", address, file, e);
    }
  }

  @Override
  public synchronized void removedService(ServiceReference<Object> reference, Path file) {
    last = "";
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} could not be removed", file, e);
    }
  }

  /**
   * Where this machine itself goes. An OSGi property may be one value or many; a server has several
   * addresses where it listens on all, and then on the loopback's too, though it does not tell
   * that.
   */
  static String own(Object endpoint) {
    if (!(endpoint instanceof String[] several)) {
      return String.valueOf(endpoint);
    }
    return several.length == 1 ? several[0] : several[0].replaceFirst("//.*:", "//127.0.0.1:");
  }
}
