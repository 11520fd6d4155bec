package spark.jobserver.io.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Driver;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.sql.ConnectionPoolDataSource;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.jdbc.DataSourceFactory;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.dao.JobDao;

/** The bundle in a framework that has what it needs and nothing else. */
class SqlDaoBundleIT {
  private static final String PID = "spark.jobserver.sqldao";
  private static final String DAO = "(job.dao=spark.jobserver.io.JobSqlDAO)";

  private static final long TIMEOUT = 120_000;

  /** The test and the bundle talk of the same classes: those of the test. */
  private static final String SHARED_PACKAGES =
      "spark.jobserver.api;version=1.0.0,spark.jobserver.api.dao;version=1.0.0,"
          + "org.osgi.service.cm;version=1.6.0,org.osgi.service.jdbc;version=1.1.0";

  @TempDir Path folder;
  private Framework framework;
  private Bundle bundle;
  private ServiceTracker<JobDao, JobDao> daos;
  private final BlockingQueue<ServiceReference<JobDao>> gone = new LinkedBlockingQueue<>();

  @BeforeAll
  static void doNotWaitForTheDisk() {
    System.setProperty("derby.system.durability", "test");
  }

  @AfterAll
  static void waitForTheDisk() {
    System.clearProperty("derby.system.durability");
  }

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
                    SHARED_PACKAGES,
                    "jobserver.data",
                    folder.resolve("data").toString()));
    framework.start();
    daos =
        new ServiceTracker<>(context(), FrameworkUtil.createFilter(DAO), null) {
          @Override
          public void removedService(ServiceReference<JobDao> reference, JobDao dao) {
            gone.add(reference);
          }
        };
    daos.open();
    List<Bundle> needed = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        needed.add(context().installBundle(jar.toUri().toString()));
      }
    }
    bundle = context().installBundle(Path.of(System.getProperty("dao.bundle")).toUri().toString());
    for (Bundle each : needed) {
      if (each.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        each.start();
      }
    }
    bundle.start();
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    framework.waitForStop(TIMEOUT);
  }

  @Test
  void theDaoIsThereWhileItIsConfigured() throws Exception {
    assertThat(daos.getService()).isNull();

    Configuration configuration = configure(Map.of("pool-size", "3"));
    Binary binary = store(daos.waitForService(TIMEOUT), "first");
    assertThat(folder.resolve("data/db")).isDirectory();
    assertThat(folder.resolve("data/log/derby.log")).isRegularFile();

    configuration.delete();
    assertThat(gone.poll(TIMEOUT, TimeUnit.MILLISECONDS)).isNotNull();

    configure(Map.of("pool-size", "3"));
    JobDao again = daos.waitForService(TIMEOUT);
    assertThat(again.latestBinaries()).containsExactly(binary);
    assertThat(again.binaryBytes(binary.digest()).orElseThrow().open())
        .hasBinaryContent("first".getBytes(UTF_8));
  }

  @Test
  void theBundleCanBeStoppedAndStartedAgain() throws Exception {
    configure(Map.of());
    Binary binary = store(daos.waitForService(TIMEOUT), "kept");
    assertThat(folder.resolve("data/db/db.lck")).exists();

    bundle.stop();
    assertThat(daos.getService()).isNull();
    assertThat(folder.resolve("data/db/db.lck")).doesNotExist();
    bundle.start();

    assertThat(daos.waitForService(TIMEOUT).latestBinaries()).containsExactly(binary);
  }

  @Test
  void thereIsNoDaoWhileTheDatabaseCannotBeOpened() throws Exception {
    RefusingDriver refusing = new RefusingDriver();
    context()
        .registerService(
            DataSourceFactory.class,
            refusing,
            FrameworkUtil.asDictionary(
                Map.of(DataSourceFactory.OSGI_JDBC_DRIVER_NAME, "refusing")));

    configure(Map.of("driver.target", "(osgi.jdbc.driver.name=refusing)"));
    assertThat(refusing.asked.await(TIMEOUT, TimeUnit.MILLISECONDS)).isTrue();
    assertThat(daos.getService()).isNull();

    configure(Map.of());
    assertThat(daos.waitForService(TIMEOUT).latestBinaries()).isEmpty();
    assertThat(gone).isEmpty();
  }

  @Test
  void nothingForeignIsWiredIn() {
    Set<String> providers = new TreeSet<>();
    for (BundleWire wire :
        bundle.adapt(BundleWiring.class).getRequiredWires("osgi.wiring.package")) {
      providers.add(wire.getProvider().getBundle().getSymbolicName());
    }
    assertThat(providers)
        .containsExactlyInAnyOrder(
            "org.apache.felix.framework",
            "com.fasterxml.jackson.core.jackson-annotations",
            "com.fasterxml.jackson.core.jackson-core",
            "com.fasterxml.jackson.core.jackson-databind",
            "com.typesafe.config",
            "com.zaxxer.HikariCP",
            "jobserver.api",
            "slf4j.api");
    assertThat(bundle.getHeaders().get(Constants.IMPORT_PACKAGE))
        .doesNotContain("derby", "flyway", "log4j", "commons", "postgresql");
    assertThat(bundle.getHeaders().get(Constants.EXPORT_PACKAGE)).isNull();
  }

  private BundleContext context() {
    return framework.getBundleContext();
  }

  private Configuration configure(Map<String, Object> values) throws Exception {
    ServiceTracker<ConfigurationAdmin, ConfigurationAdmin> admins =
        new ServiceTracker<>(context(), ConfigurationAdmin.class, null);
    admins.open();
    try {
      Configuration configuration = admins.waitForService(TIMEOUT).getConfiguration(PID, null);
      configuration.update(FrameworkUtil.asDictionary(values));
      return configuration;
    } finally {
      admins.close();
    }
  }

  private static Binary store(JobDao dao, String text) throws Exception {
    byte[] bytes = text.getBytes(UTF_8);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    Binary binary = new Binary(text, BinaryType.EGG, Instant.ofEpochMilli(1), digest, bytes.length);
    dao.insertBinary(binary, Content.of(bytes), "");
    return binary;
  }

  /** A driver whose database is out of order. */
  private static final class RefusingDriver implements DataSourceFactory {
    final CountDownLatch asked = new CountDownLatch(1);

    @Override
    public DataSource createDataSource(Properties properties) throws SQLException {
      asked.countDown();
      throw new SQLException("out of order");
    }

    @Override
    public ConnectionPoolDataSource createConnectionPoolDataSource(Properties properties) {
      throw new UnsupportedOperationException();
    }

    @Override
    public XADataSource createXADataSource(Properties properties) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Driver createDriver(Properties properties) {
      throw new UnsupportedOperationException();
    }
  }
}
