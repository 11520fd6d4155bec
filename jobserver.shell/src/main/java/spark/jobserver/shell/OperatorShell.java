package spark.jobserver.shell;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.PeerAuthenticator;
import spark.jobserver.boot.Startup;

/**
 * The shell of a server: listens at {@code run/shell.sock} of its data folder. A server that cannot
 * do so runs without a shell, and its log says why. When the configuration is wrong, the server
 * ends.
 */
@Component(
    immediate = true,
    service = {},
    configurationPid = ShellConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class OperatorShell {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorShell.class);

  /** As {@link Startup} has it: the configuration is broken. */
  private static final int CONFIGURATION = 7;

  private final Path folder;
  private final Optional<Sessions> sessions;

  /**
   * Opens the shell.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  @Activate
  public OperatorShell(
      BundleContext context,
      ShellConfig config,
      @Reference CommandProcessor processor,
      @Reference PeerAuthenticator peers,
      @Reference Startup startup) {
    ShellSettings settings = settings(config, startup);
    this.folder = Wire.folder(Path.of(context.getProperty("jobserver.data")));
    this.sessions = settings.enabled() ? open(settings, processor, peers) : Optional.empty();
    if (sessions.isEmpty()) {
      clear();
    }
  }

  private static ShellSettings settings(ShellConfig config, Startup startup) {
    try {
      return ShellSettings.of(config);
    } catch (IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  private Optional<Sessions> open(
      ShellSettings settings, CommandProcessor processor, PeerAuthenticator peers) {
    try {
      return Optional.of(
          new Sessions(
              SocketFile.listen(folder),
              peers,
              new GogoInterpreter(processor),
              settings,
              AuditLine::write));
    } catch (IOException | UnsupportedOperationException e) {
      LOG.warn("there is no shell for the operator: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private void clear() {
    try {
      SocketFile.clear(folder);
    } catch (IOException e) {
      LOG.warn("{} cannot be cleared of sockets: {}", folder, e.getMessage());
    }
  }

  /** Ends all sessions, and removes the socket. */
  @Deactivate
  void close() throws IOException {
    if (sessions.isPresent()) {
      clear();
      sessions.get().close();
    }
  }
}
