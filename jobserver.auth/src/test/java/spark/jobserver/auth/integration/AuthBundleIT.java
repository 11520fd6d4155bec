package spark.jobserver.auth.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
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
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.api.auth.Role;
import spark.jobserver.auth.Directory;
import spark.jobserver.boot.Startup;

/** The bundle in a framework that has what it needs and nothing else. */
@Timeout(60)
class AuthBundleIT {
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
                    "jobserver.data",
                    folder.resolve("data").toString(),
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
    bundle = context().installBundle(Path.of(System.getProperty("auth.bundle")).toUri().toString());
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

  private void configure(Map<String, Object> values) throws Exception {
    ConfigurationAdmin admin =
        context().getService(context().getServiceReference(ConfigurationAdmin.class));
    admin
        .getConfiguration("spark.jobserver.core", "?")
        .update(FrameworkUtil.asDictionary(Map.of("bind-address", "127.0.0.1")));
    admin
        .getConfiguration("spark.jobserver.tls", "?")
        .update(FrameworkUtil.asDictionary(Map.of("client-certificates", "none")));
    admin.getConfiguration("spark.jobserver.auth", "?").update(FrameworkUtil.asDictionary(values));
  }

  private static IncomingRequest with(String name, String password) {
    String text = Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8));
    return (IncomingRequest)
        Proxy.newProxyInstance(
            IncomingRequest.class.getClassLoader(),
            new Class<?>[] {IncomingRequest.class},
            (proxy, method, arguments) ->
                method.getName().equals("headers")
                    ? List.of("Basic " + text)
                    : new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
  }

  @Test
  void aDirectoryIsAskedFromAThreadThatKnowsOnlyTheBundle() throws Exception {
    try (Directory directory = new Directory()) {
      configure(
          Map.of(
              "ways",
              new String[] {"basic", "ldap"},
              "ldap.url",
              directory.url(),
              "ldap.start-tls",
              "false",
              "ldap.user-dn",
              "uid={user},ou=people,dc=example,dc=com",
              "ldap.groups.base",
              "ou=groups,dc=example,dc=com",
              "ldap.roles.reader",
              new String[] {"staff"}));
      Authenticator authenticator = authenticators.waitForService(TIMEOUT);
      assertThat(authenticators.getServiceReferences()).hasSize(1);
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      thread.setContextClassLoader(bundle.adapt(BundleWiring.class).getClassLoader());
      try {
        assertThat(authenticator.authenticate(with("bob", "secret of bob")))
            .isEqualTo(
                new Authentication.Known(
                    new Identity("bob", "ldap", Role.READER.permissions(), true)));
        assertThat(authenticator.authenticate(with("bob", "secret of ada")))
            .isInstanceOf(Authentication.Wrong.class);
      } finally {
        thread.setContextClassLoader(before);
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void eachWayIsAServiceOfItsOwnInTheOrderInWhichTheyAreAsked() throws Exception {
    configure(Map.of("ways", new String[] {"local", "basic", "token", "oidc"}));
    while (authenticators.size() < 3) {
      Thread.onSpinWait();
    }
    Map<String, Object> rankings = new HashMap<>();
    for (var reference : authenticators.getServiceReferences()) {
      rankings.put(
          String.valueOf(reference.getProperty("way")),
          reference.getProperty(Constants.SERVICE_RANKING));
    }
    assertThat(rankings).isEqualTo(Map.of("token", 200, "basic", 150, "local", 100));
    assertThat(folder.resolve("data/auth")).isDirectoryContaining("glob:**/local-token");
  }

  @Test
  void aWrongConfigurationEndsTheServer() throws Exception {
    configure(Map.of("ways", new String[] {"ldap"}));
    assertThat(failures.poll(TIMEOUT, TimeUnit.MILLISECONDS))
        .startsWith("7 spark.jobserver.auth.ldap.url is");
    assertThat(authenticators.size()).isZero();
  }

  @Test
  void certificatesThatNobodyIsAskedForAreNoWay() throws Exception {
    configure(Map.of("ways", new String[] {"certificate"}));
    assertThat(failures.poll(TIMEOUT, TimeUnit.MILLISECONDS))
        .startsWith("7 spark.jobserver.auth.ways has certificate, but");
    assertThat(authenticators.size()).isZero();
  }
}
