package spark.jobserver.auth.oidc.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.boot.Startup;

/** The bundle in a framework that has what it needs and nothing else. */
@Timeout(60)
class OidcBundleIT {
  private static final long TIMEOUT = 30_000;

  /** The test and the bundle talk of the same classes: those of the test. */
  private static final String SHARED_PACKAGES =
      "spark.jobserver.api.auth;version=1.0.0,spark.jobserver.boot;version=1.0.0,"
          + "org.osgi.service.cm;version=1.6.0,org.slf4j;version=2.0.0";

  @TempDir Path folder;
  private final BlockingQueue<String> failures = new LinkedBlockingQueue<>();
  private Framework framework;
  private Bundle bundle;
  private ServiceTracker<Authenticator, Authenticator> authenticators;

  @BeforeEach
  void start() throws Exception {
    framework =
        ServiceLoader.load(FrameworkFactory.class)
            .findFirst()
            .orElseThrow()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    folder.resolve("felix").toString(),
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    SHARED_PACKAGES));
    framework.start();
    Startup startup = (code, message) -> failures.add(code + " " + message);
    context().registerService(Startup.class, startup, null);
    authenticators = new ServiceTracker<>(context(), Authenticator.class, null);
    authenticators.open();
    List<Bundle> needed = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        needed.add(context().installBundle(jar.toUri().toString()));
      }
    }
    bundle = context().installBundle(Path.of(System.getProperty("oidc.bundle")).toUri().toString());
    for (Bundle each : needed) {
      each.start();
    }
    bundle.start();
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    framework.waitForStop(TIMEOUT);
  }

  private BundleContext context() {
    return framework.getBundleContext();
  }

  private Configuration configure(Map<String, Object> values) throws Exception {
    Configuration configuration =
        context()
            .getService(context().getServiceReference(ConfigurationAdmin.class))
            .getConfiguration("spark.jobserver.auth", "?");
    configuration.update(FrameworkUtil.asDictionary(values));
    return configuration;
  }

  private static IncomingRequest bearing(String token) {
    return (IncomingRequest)
        Proxy.newProxyInstance(
            IncomingRequest.class.getClassLoader(),
            new Class<?>[] {IncomingRequest.class},
            (proxy, method, arguments) -> List.of("Bearer " + token));
  }

  @Test
  void isThereWhileItsWayIsConfigured() throws Exception {
    Map<String, Object> values =
        Map.of(
            "ways",
            new String[] {"token", "oidc"},
            "oidc.issuer",
            "http://127.0.0.1:1",
            "oidc.audience",
            "jobserver");
    Configuration configuration = configure(values);
    Authenticator authenticator = authenticators.waitForService(TIMEOUT);
    assertThat(authenticators.getServiceReference().getProperty("way")).isEqualTo("oidc");
    // The library is wired, and reads it; nobody is there who has keys.
    assertThat(authenticator.authenticate(bearing("e30.e30.e30")))
        .isEqualTo(new Authentication.Wrong("The token is not valid."));
    assertThat(authenticator.authenticate(bearing("eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.AA")))
        .isInstanceOf(Authentication.Unavailable.class);
    configuration.update(FrameworkUtil.asDictionary(Map.of("ways", new String[] {"token"})));
    while (authenticators.getService() != null) {
      Thread.onSpinWait();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void aWrongConfigurationEndsTheServer() throws Exception {
    configure(Map.of("ways", new String[] {"oidc"}));
    assertThat(failures.poll(TIMEOUT, TimeUnit.MILLISECONDS))
        .startsWith("7 spark.jobserver.auth.oidc.issuer is empty");
    assertThat(authenticators.getService()).isNull();
  }
}
