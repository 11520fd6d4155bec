package spark.jobserver.gate;

import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.Preprocessor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.boot.Startup;

/**
 * HTTP behind the gate, and never without it: the gate is there before the port opens, and goes
 * after the port has closed. When it cannot be made, as its configuration is wrong, the server
 * ends; when the bundle is stopped, nothing answers until it is started again.
 */
@Component(
    immediate = true,
    service = {},
    configurationPid = {GateConfig.PID, CorsConfig.PID, AddressConfig.PID, TlsConfig.PID},
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class GatedHttp {
  private static final Logger LOG = LoggerFactory.getLogger(GatedHttp.class);

  /** As {@link Startup} has it: the configuration is broken. */
  private static final int CONFIGURATION = 7;

  private final Startup startup;
  private final HttpPort port;
  private final Authenticators authenticators;
  private final JettyTls tls;
  private final JettyConnections connections;
  private final Gate gate;
  private final ServiceRegistration<Preprocessor> registration;

  /**
   * Puts up the gate, then opens the port.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   * @throws IOException when the configuration of HTTP cannot be written
   */
  @Activate
  public GatedHttp(
      BundleContext context,
      GateConfig gateConfig,
      CorsConfig corsConfig,
      AddressConfig address,
      TlsConfig tlsConfig,
      @Reference ConfigurationAdmin configurations,
      @Reference Startup startup,
      @Reference RequestObservers observers)
      throws IOException, InterruptedException {
    this.startup = startup;
    this.port = new HttpPort(context, configurations);
    Gate.Rules rules = rules(gateConfig, corsConfig, address);
    this.connections = new JettyConnections(checked(() -> JettyConnections.allowed(gateConfig)));
    this.tls = new JettyTls(context.getDataFile("tls").toPath());
    Map<String, String> secured = secured(tlsConfig);
    this.authenticators = new Authenticators(context);
    this.gate = new Gate(new Entrance(authenticators::now), rules, this::adopt);
    this.registration =
        context.registerService(
            Preprocessor.class,
            new ObservedGate(gate, observers),
            // Before any other preprocessor.
            FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, Integer.MAX_VALUE)));
    open(address, secured);
  }

  /** Goes by another configuration from now on; the port stays open unless it is another one. */
  @Modified
  void modified(
      GateConfig gateConfig, CorsConfig corsConfig, AddressConfig address, TlsConfig tlsConfig)
      throws IOException, InterruptedException {
    connections.allow(checked(() -> JettyConnections.allowed(gateConfig)));
    gate.adopt(rules(gateConfig, corsConfig, address));
    open(address, secured(tlsConfig));
  }

  private Map<String, String> secured(TlsConfig config) throws IOException {
    try {
      return tls.use(TlsFiles.of(config));
    } catch (IllegalArgumentException e) {
      tls.close();
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  private void open(AddressConfig address, Map<String, String> secured)
      throws IOException, InterruptedException {
    if (!port.open(address.bind$_$address(), address.port(), secured)) {
      LOG.error("HTTP did not open at {} port {}", address.bind$_$address(), address.port());
    }
  }

  private Gate.Rules rules(GateConfig gateConfig, CorsConfig corsConfig, AddressConfig address) {
    return checked(
        () ->
            new Gate.Rules(
                new ServedHosts(own(address.bind$_$address()), List.of(gateConfig.hosts())),
                new Cors(new Origins(List.of(corsConfig.origins())))));
  }

  /** What is made of the configuration; the server ends where that is wrong. */
  private <T> T checked(Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  private void adopt(ServletContext context) {
    tls.adopt(context);
    connections.adopt(context);
  }

  /** By what the server is called that listens there. */
  private static List<String> own(String address) {
    List<String> own = new ArrayList<>(List.of(address));
    try {
      InetAddress known = InetAddress.getByName(address);
      own.add(known.getHostAddress());
      if (known.isAnyLocalAddress()) {
        own.addAll(ofThisMachine());
      }
    } catch (UnknownHostException e) {
      LOG.warn("{} is not known to this machine", address);
    } catch (SocketException e) {
      LOG.warn("the addresses of this machine are not known", e);
    }
    return own;
  }

  /** All addresses of this machine, without the interfaces that some have behind a sign. */
  private static List<String> ofThisMachine() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .map(address -> address.getHostAddress().replaceFirst("%.*", ""))
        .toList();
  }

  /** Shuts the gate, closes the port, and then takes the gate away. */
  @Deactivate
  void close() throws IOException, InterruptedException {
    gate.shut();
    if (port.close()) {
      registration.unregister();
      authenticators.close();
      tls.close();
    } else {
      LOG.error("HTTP did not close: the gate stays, and refuses everything");
    }
  }
}
