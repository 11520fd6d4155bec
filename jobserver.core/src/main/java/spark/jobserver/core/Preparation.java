package spark.jobserver.core;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.context.ConfiguredContexts;

/**
 * Prepares a server that has started: stores the binaries of its configuration and makes its
 * contexts, in this order. The server answers meanwhile; what fails is in the log.
 */
@Component(service = Preparation.class, immediate = true)
public final class Preparation {
  private static final Logger LOG = LoggerFactory.getLogger(Preparation.class);

  /** Blocks of names and paths of files; the second is the name of old. */
  private static final List<String> BINARIES =
      List.of("spark.jobserver.job-bin-paths", "spark.jobserver.job-jar-paths");

  private static final Map<String, BinaryType> TYPES =
      Map.of(".egg", BinaryType.EGG, ".whl", BinaryType.WHEEL);

  private final Settings settings;
  private final Binaries binaries;
  private final ConfiguredContexts contexts;
  private final Thread thread = new Thread(this::run, "core-preparation");

  @Activate
  public Preparation(
      @Reference Settings settings,
      @Reference Binaries binaries,
      @Reference ConfiguredContexts contexts) {
    this.settings = settings;
    this.binaries = binaries;
    this.contexts = contexts;
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    for (String block : BINARIES) {
      Config config = settings.config();
      if (config.hasPath(block)) {
        store(block, config.getObject(block));
      }
    }
    contexts.make();
  }

  private void store(String block, ConfigObject paths) {
    for (String name : paths.keySet()) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      try {
        store(name, Path.of(paths.toConfig().getString(ConfigUtil.joinPath(name))));
      } catch (IOException | ConfigException | JobserverException | IllegalArgumentException e) {
        LOG.error("{}: the binary {} cannot be stored", block, name, e);
      }
    }
  }

  private void store(String name, Path file) throws IOException {
    String path = file.toString().toLowerCase(Locale.ROOT);
    Optional<BinaryType> type =
        TYPES.entrySet().stream()
            .filter(entry -> path.endsWith(entry.getKey()))
            .map(Map.Entry::getValue)
            .findFirst();
    BinaryType known =
        type.orElseThrow(
            () -> new IllegalArgumentException(file + " is neither an .egg nor a .whl"));
    if (isStored(name, known, file)) {
      return; // another version of the same would be one more with every start
    }
    try (InputStream bytes = Files.newInputStream(file)) {
      binaries.upload(name, known, bytes);
    }
  }

  private boolean isStored(String name, BinaryType type, Path file) throws IOException {
    Optional<Binary> stored = binaries.find(name).filter(binary -> binary.type() == type);
    return stored.isPresent() && stored.get().digest().equals(Spool.digest(file));
  }

  @Deactivate
  void stop() {
    thread.interrupt();
  }
}
