package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContextClassLoaderTest {
  @TempDir Path folder;

  /** A folder of classes that say where they come from. */
  private URL classes(String place, String... names) throws IOException {
    Path home = Files.createDirectories(folder.resolve(place));
    for (String name : names) {
      Path source = home.resolve(name + ".java");
      Files.writeString(
          source,
          "public class %s { @Override public String toString() { return \"%s\"; } }"
              .formatted(name, place));
      int errors =
          ToolProvider.getSystemJavaCompiler()
              .run(null, null, null, "-proc:none", "-d", home.toString(), source.toString());
      assertThat(errors).isZero();
    }
    Files.writeString(home.resolve("resource"), place);
    return home.toUri().toURL();
  }

  private URLClassLoader loader(URL classes) {
    return new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader());
  }

  private static String origin(ClassLoader loader, String name)
      throws ReflectiveOperationException {
    return loader.loadClass(name).getConstructor().newInstance().toString();
  }

  @Test
  void looksInSparkThenInTheJobJarsThenInTheBundle() throws Exception {
    try (URLClassLoader spark = loader(classes("spark", "A"));
        URLClassLoader bundle = loader(classes("bundle", "A", "B", "C"));
        ContextClassLoader loader =
            new ContextClassLoader(spark, List.of(classes("jar", "A", "B")), bundle)) {

      assertThat(origin(loader, "A")).isEqualTo("spark");
      assertThat(origin(loader, "B")).isEqualTo("jar");
      assertThat(origin(loader, "C")).isEqualTo("bundle");
      assertThat(loader.loadClass("C")).isSameAs(bundle.loadClass("C"));
      assertThatThrownBy(() -> loader.loadClass("D")).isInstanceOf(ClassNotFoundException.class);
    }
  }

  @Test
  void findsResourcesInTheSameOrder() throws Exception {
    try (URLClassLoader spark = loader(classes("spark"));
        URLClassLoader bundle = loader(classes("bundle"));
        ContextClassLoader loader =
            new ContextClassLoader(spark, List.of(classes("jar")), bundle)) {

      assertThat(read(loader.getResource("resource"))).isEqualTo("spark");
      assertThat(Collections.list(loader.getResources("resource")))
          .extracting(ContextClassLoaderTest::read)
          .containsExactly("spark", "jar", "bundle");
      assertThat(loader.getResource("nothing")).isNull();
    }
  }

  private static String read(URL url) {
    try (InputStream in = url.openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void takesJobJarsLater() throws Exception {
    try (URLClassLoader nothing = loader(folder.resolve("nothing").toUri().toURL());
        ContextClassLoader loader = new ContextClassLoader(nothing, List.of(), nothing)) {
      loader.addURL(classes("jar", "A"));

      assertThat(origin(loader, "A")).isEqualTo("jar");
    }
  }
}
