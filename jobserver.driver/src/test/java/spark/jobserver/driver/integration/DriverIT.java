package spark.jobserver.driver.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import spark.jobserver.api.Failure;
import spark.jobserver.driver.Server;
import spark.jobserver.driver.integration.plugin.ClassesFactory;
import spark.jobserver.driver.integration.words.Words;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;
import spark.jobserver.link.Wire;

/** The driver's bundles in a framework, as they start in a driver process. */
@Timeout(90)
class DriverIT {
  /** What Spark's jars bring, at the versions of the oldest Spark. */
  private static final String SPARK_PACKAGES =
      Stream.of("annotation", "core", "databind", "databind.cfg", "databind.exc", "databind.json")
              .map(name -> "com.fasterxml.jackson." + name + ";version=2.15.2,")
              .reduce("", String::concat)
          + "org.slf4j;version=2.0.7,spark.jobserver.boot;version=1.0.0";

  @TempDir Path folder;
  private Server server;
  private Framework framework;
  private final List<Command.BundleFile> bundles = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    server = new Server(folder.resolve("spool"));
    Path enrolment = folder.resolve("enrolment.json");
    Files.write(enrolment, Wire.line(server.enrolment()));
    Path home = Files.createDirectories(folder.resolve("context"));
    Map<String, String> properties =
        Map.of(
            Constants.FRAMEWORK_STORAGE,
            home.resolve("felix").toString(),
            Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
            SPARK_PACKAGES,
            "felix.service.urlhandlers",
            "false",
            "jobserver.enrolment",
            enrolment.toString(),
            "jobserver.folder",
            home.toString(),
            "jobserver.spark.version",
            "4.0.5");
    framework = new FrameworkFactory().newFramework(properties);
    framework.init();
    List<Bundle> base = new ArrayList<>();
    try (Stream<Path> jars = Files.list(Path.of(System.getProperty("bundles")))) {
      for (Path jar : jars.sorted().toList()) {
        base.add(framework.getBundleContext().installBundle("reference:" + jar.toUri()));
      }
    }
    Path driver = Path.of(System.getProperty("bundle"));
    base.add(framework.getBundleContext().installBundle("reference:" + driver.toUri()));
    framework.start();
    for (Bundle bundle : base) {
      bundle.start();
    }
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    assertThat(framework.waitForStop(60_000).getType()).isEqualTo(FrameworkEvent.STOPPED);
    server.close();
  }

  private void send(String symbolicName, Map<String, String> headers, Map<String, byte[]> files)
      throws Exception {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, symbolicName);
    main.putValue(Constants.BUNDLE_VERSION, "1.0.0");
    headers.forEach(main::putValue);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        jar.putNextEntry(new JarEntry(file.getKey()));
        jar.write(file.getValue());
      }
    }
    bundles.add(new Command.BundleFile(symbolicName, "1.0.0", server.serve(bytes.toByteArray())));
  }

  private static Map<String, byte[]> classes(Class<?>... classes) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    for (Class<?> type : classes) {
      String file = type.getName().replace('.', '/') + ".class";
      try (InputStream in = type.getClassLoader().getResourceAsStream(file)) {
        files.put(file, in.readAllBytes());
      }
    }
    return files;
  }

  /** A class that only the bundle has; the others are on the class path of the test as well. */
  private byte[] onlyInTheBundle() throws IOException {
    Path source = Files.writeString(folder.resolve("Only.java"), "package plugin; class Only {}");
    int errors =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-d", folder.toString(), source.toString());
    assertThat(errors).isZero();
    return Files.readAllBytes(folder.resolve("plugin/Only.class"));
  }

  private void sendFactory(String imports) throws Exception {
    Map<String, byte[]> files =
        classes(ClassesFactory.class, Class.forName(ClassesFactory.class.getName() + "$Running"));
    files.put("plugin/Only.class", onlyInTheBundle());
    String component =
        """
        <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="classes">
          <property name="context.factory" value="test (of) classes"/>
          <service>
            <provide interface="spark.jobserver.api.context.ContextFactory"/>
          </service>
          <implementation class="%s"/>
        </scr:component>
        """
            .formatted(ClassesFactory.class.getName());
    files.put("OSGI-INF/classes.xml", component.getBytes(StandardCharsets.UTF_8));
    send(
        "test.classes",
        Map.of(
            "Service-Component",
            "OSGI-INF/classes.xml",
            Constants.IMPORT_PACKAGE,
            "org.osgi.framework,spark.jobserver.api,spark.jobserver.api.context" + imports),
        files);
  }

  private void sendWords() throws Exception {
    String name = Words.class.getPackageName();
    send("test.words", Map.of(Constants.EXPORT_PACKAGE, name), classes(Words.class));
  }

  /** A bundle that the driver has already, sent all the same. */
  private void sendBaseBundle() throws Exception {
    try (Stream<Path> jars = Files.list(Path.of(System.getProperty("bundles")))) {
      Path jar =
          jars.filter(file -> file.getFileName().toString().startsWith("jobserver.api"))
              .findFirst()
              .orElseThrow();
      Bundle present =
          Stream.of(framework.getBundleContext().getBundles())
              .filter(bundle -> bundle.getSymbolicName().equals("jobserver.api"))
              .findFirst()
              .orElseThrow();
      bundles.add(
          new Command.BundleFile(
              present.getSymbolicName(),
              present.getVersion().toString(),
              server.serve(Files.readAllBytes(jar))));
    }
  }

  private void makeContext() {
    server.command(new Command.MakeContext("py", "test (of) classes", bundles, "{}"));
  }

  private void sendAll() throws Exception {
    sendFactory("," + Words.class.getPackageName());
    sendWords();
    sendBaseBundle();
  }

  private void assertStops() throws InterruptedException {
    assertThat(framework.waitForStop(30_000).getType()).isEqualTo(FrameworkEvent.STOPPED);
  }

  @Test
  void makesAContextOfBundlesThatItIsSentAndRunsJobsThere() throws Exception {
    sendAll();
    makeContext();
    assertThat(server.event()).isEqualTo(new Event.ContextReady("words-1", ""));

    String egg = server.serve("an egg".getBytes(StandardCharsets.UTF_8));
    Command.BinaryFile binary = new Command.BinaryFile("app", "Egg", 0, egg, 6);
    server.command(new Command.RunJob("a", "plugin.Only", binary, List.of(), "{}"));
    server.command(new Command.RunJob("b", Framework.class.getName(), binary, List.of(), "{}"));

    assertThat(List.of(Server.next(server.told), Server.next(server.told)))
        .containsExactlyInAnyOrder(
            new Server.Told(finished("a"), "true"), new Server.Told(finished("b"), "false"));

    server.command(new Command.StopContext());
    assertThat(server.event()).isEqualTo(new Event.ContextEnded(""));
    assertStops();
  }

  private static Event finished(String jobId) {
    return new Event.JobEnded(jobId, Event.Ending.FINISHED, Failure.of(""));
  }

  @Test
  void tellsWhatABundleLacksAndEnds() throws Exception {
    sendFactory(",no.such.place");
    makeContext();

    Event.ContextFailed failed = (Event.ContextFailed) server.event();
    assertThat(failed.failure().message()).contains("test.classes").contains("no.such.place");
    assertStops();
  }

  @Test
  void closesItsContextBeforeItsBundlesStopWhenTheProcessIsToldToEnd() throws Exception {
    System.clearProperty(ClassesFactory.CLOSED);
    sendAll();
    makeContext();
    assertThat(server.event()).isInstanceOf(Event.ContextReady.class);

    framework.stop();

    assertThat(server.event()).isEqualTo(new Event.ContextEnded("its process was told to end"));
    assertStops();
    assertThat(System.getProperty(ClassesFactory.CLOSED)).isEqualTo("active");
  }
}
