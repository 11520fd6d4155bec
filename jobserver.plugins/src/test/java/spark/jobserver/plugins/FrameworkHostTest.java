package spark.jobserver.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.apache.felix.framework.Felix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleWiring;

class FrameworkHostTest {
  @TempDir Path folder;
  private Felix framework;
  private FrameworkHost host;

  @BeforeEach
  void start() throws BundleException {
    framework =
        new Felix(
            Map.of(
                Constants.FRAMEWORK_STORAGE,
                folder.resolve("felix").toString(),
                Constants.FRAMEWORK_BSNVERSION,
                Constants.FRAMEWORK_BSNVERSION_MULTIPLE,
                "felix.log.level",
                "0"));
    framework.start();
    host = new FrameworkHost(framework.getBundleContext(), 1, Duration.ofMillis(500));
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    framework.waitForStop(10_000);
  }

  private Path jar(String file, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(file), bytes);
  }

  /** A bundle with an activator, which is loaded by the bundle. */
  private Path jar(String name, Class<? extends BundleActivator> activator) throws IOException {
    Manifest manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.putValue("Bundle-ManifestVersion", "2");
    headers.putValue("Bundle-SymbolicName", name);
    headers.putValue("Import-Package", "org.osgi.framework");
    headers.putValue("Bundle-Activator", activator.getName());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String entry = activator.getName().replace('.', '/') + ".class";
    try (JarOutputStream jar = new JarOutputStream(bytes, manifest);
        InputStream in = activator.getClassLoader().getResourceAsStream(entry)) {
      jar.putNextEntry(new JarEntry(entry));
      in.transferTo(jar);
    }
    return jar(name + ".jar", bytes.toByteArray());
  }

  private Bundle bundle(String name) {
    for (Bundle bundle : framework.getBundleContext().getBundles()) {
      if (name.equals(bundle.getSymbolicName())) {
        return bundle;
      }
    }
    return null;
  }

  @Test
  void aBundleRunsFromItsFileUntilItIsRemoved() throws Exception {
    Host.Started started = host.start(jar("a.jar", Jars.bundle("a", "1.0.0")));
    assertThat(started.runs()).isTrue();
    assertThat(bundle("a").getState()).isEqualTo(Bundle.ACTIVE);
    try (InputStream in = new URL(bundle("a").getLocation()).openStream()) {
      assertThat(in).hasBinaryContent(Jars.bundle("a", "1.0.0"));
    }
    started.remove();
    assertThat(bundle("a")).isNull();
  }

  @Test
  void twoRevisionsMayHaveOneNameAndOneVersion() throws Exception {
    Host.Started old = host.start(jar("old.jar", Jars.bundle("a", "1.0.0")));
    Host.Started now = host.start(jar("new.jar", Jars.bundle("a", "1.0.0")));
    old.remove();
    assertThat(now.runs()).isTrue();
  }

  @Test
  void ofABundleThatDoesNotResolveNothingIsLeft() throws Exception {
    Path needy =
        jar(
            "needy.jar",
            Jars.jar(
                Map.of(
                    "Bundle-ManifestVersion", "2",
                    "Bundle-SymbolicName", "needy",
                    "Import-Package", "no.such.thing")));
    assertThatThrownBy(() -> host.start(needy))
        .isInstanceOfSatisfying(Host.CannotStart.class, e -> assertThat(e.isUnresolved()).isTrue())
        .hasMessageContaining("no.such.thing");
    assertThat(bundle("needy")).isNull();
  }

  @Test
  void whatAnActivatorThrowsIsTold() throws Exception {
    Path unlucky = jar("unlucky", Throwing.class);
    assertThatThrownBy(() -> host.start(unlucky))
        .isInstanceOf(Host.CannotStart.class)
        .hasMessage("It does not start: java.lang.IllegalStateException: no luck today");
    assertThat(bundle("unlucky")).isNull();
  }

  @Test
  void aBundleThatTakesTooLongIsGivenUpAndTakenAwayWhenItComesBack() throws Exception {
    Path blocking = jar("blocking", Blocking.class);
    assertThatThrownBy(() -> host.start(blocking))
        .isInstanceOf(Host.CannotStart.class)
        .hasMessageStartingWith("It does not start within ");
    assertThat(bundle("blocking")).isNotNull();
    // Its class there is another one than here: it waits on what it finds by a system property.
    System.setProperty(Blocking.RELEASED, "true");
    try {
      long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (bundle("blocking") != null) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(10);
      }
    } finally {
      System.clearProperty(Blocking.RELEASED);
    }
  }

  @Test
  void theClassLoaderOfABundleThatWasRemovedIsCollected() throws Exception {
    Host.Started started = host.start(jar("quiet", Quiet.class));
    WeakReference<ClassLoader> loader =
        new WeakReference<>(bundle("quiet").adapt(BundleWiring.class).getClassLoader());
    assertThat(loader.get()).isNotNull();
    started.remove();
    for (int i = 0; i < 100 && loader.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(loader.get()).isNull();
  }

  /** Throws. */
  public static final class Throwing implements BundleActivator {
    @Override
    public void start(BundleContext context) {
      throw new IllegalStateException("no luck today");
    }

    @Override
    public void stop(BundleContext context) {}
  }

  /** Does nothing. */
  public static final class Quiet implements BundleActivator {
    @Override
    public void start(BundleContext context) {}

    @Override
    public void stop(BundleContext context) {}
  }

  /** Does not come back before it is told to. */
  public static final class Blocking implements BundleActivator {
    static final String RELEASED = "test.blocking.released";

    @Override
    public void start(BundleContext context) throws InterruptedException {
      while (System.getProperty(RELEASED) == null) {
        Thread.sleep(10);
      }
    }

    @Override
    public void stop(BundleContext context) {}
  }
}
