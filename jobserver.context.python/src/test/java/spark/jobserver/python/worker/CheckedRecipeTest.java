package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.python.worker.PythonContext.Recipe;

/** What a factory of somebody else's answers, and what its author is told. */
class CheckedRecipeTest {
  @TempDir Path folder;
  private final Answers answers = new Answers();
  private final CheckedRecipe recipe = new CheckedRecipe(answers);

  private static final class Answers implements Recipe {
    private Config settings = ConfigFactory.empty();
    private List<String> entries = List.of();

    @Override
    public String factory() {
      return "org.example.Factory";
    }

    @Override
    public Config settings(Config asked) {
      return settings;
    }

    @Override
    public void configure(SparkConf conf, Config asked) {}

    @Override
    public Object makeContext(SparkConf conf, Config asked, String name) {
      return null;
    }

    @Override
    public List<String> py4JImports() {
      return entries;
    }

    @Override
    public List<String> pythonFiles() {
      return entries;
    }

    @Override
    public List<String> jars() {
      return entries;
    }

    @Override
    public void close(Object context) {}
  }

  private static void refused(ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("org.example.Factory.")
        .message()
        .contains(words);
  }

  @Test
  void nullIsRefusedByTheNameOfTheMethod() {
    answers.settings = null;
    answers.entries = null;
    refused(() -> recipe.settings(ConfigFactory.empty()), "settings returned null");
    refused(() -> recipe.makeContext(null, null, ""), "makeContext returned null");
    refused(recipe::py4JImports, "py4JImports returned null");
    refused(recipe::pythonFiles, "pythonFiles returned null");
    refused(recipe::jars, "jars returned null");
  }

  @Test
  void anEntryThatIsNullOrBlankIsRefused() {
    for (String entry : new String[] {null, " "}) {
      answers.entries = new ArrayList<>(Arrays.asList(entry));
      refused(recipe::py4JImports, "py4JImports", "null or blank");
      refused(recipe::pythonFiles, "pythonFiles", "null or blank");
      refused(recipe::jars, "jars", "null or blank");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"java.util.*", "java.util.List", "java.util.Map$Entry"})
  void classesAndPackagesAreImported(String one) {
    answers.entries = List.of(one);
    assertThat(recipe.py4JImports()).containsExactly(one);
  }

  @ParameterizedTest
  @ValueSource(strings = {"List", "*", "java.util.", "java util.*", "java.util.*.*", "java/util/*"})
  void whatIsNeitherClassNorPackageIsRefused(String one) {
    answers.entries = List.of(one);
    refused(recipe::py4JImports, "py4JImports returned \"" + one + "\"", "a.b.C", "a.b.*");
  }

  @Test
  void aClassThatIsNotThereIsRefused() {
    answers.entries = List.of("org.example.Missing");
    refused(recipe::py4JImports, "names the class org.example.Missing", "neither Spark nor its");
  }

  @Test
  void jarsMustBeInTheBundleAndBeJars() throws IOException {
    Path bundle = Zips.write(folder.resolve("b.jar"), Map.of("lib/a.jar", "no jar", "lib/b/c", ""));
    for (String missing : List.of("lib/x.jar", "lib/b", "a.jar", "/lib/a.jar")) {
      answers.entries = List.of(missing);
      refused(() -> unpack(bundle), "jars names " + missing, "no such file in its bundle");
    }
    answers.entries = List.of("lib/a.jar");
    refused(() -> unpack(bundle), "jars names lib/a.jar", "which is no jar");
  }

  @Test
  void jarsOfOneNameGoSideBySide() throws IOException {
    Path one = Zips.write(folder.resolve("one"), Map.of("a", "1"));
    Path bundle = folder.resolve("two.jar");
    try (var out = new java.util.zip.ZipOutputStream(java.nio.file.Files.newOutputStream(bundle))) {
      for (String place : List.of("x/same.jar", "y/same.jar")) {
        out.putNextEntry(new java.util.zip.ZipEntry(place));
        out.write(java.nio.file.Files.readAllBytes(place.startsWith("x") ? one : other()));
      }
    }
    answers.entries = List.of("x/same.jar", "y/same.jar");
    ExtensionJars jars = unpack(bundle);
    ClassLoader classes = jars.over(ClassLoader.getPlatformClassLoader());
    assertThat(classes.getResource("a")).isNotNull();
    assertThat(classes.getResource("b")).isNotNull();
    jars.close();
  }

  private Path other() throws IOException {
    return Zips.write(folder.resolve("other"), Map.of("b", "2"));
  }

  @Test
  void withoutJarsTheLoaderStaysWhatItIs() throws IOException {
    Path bundle = Zips.write(folder.resolve("b.jar"), Map.of("a", "1"));
    ExtensionJars jars = unpack(bundle);
    ClassLoader before = new ClassLoader() {};
    assertThat(jars.over(before)).isSameAs(before);
    assertThatCode(jars::close).doesNotThrowAnyException();
  }

  private ExtensionJars unpack(Path bundle) throws IOException {
    return ExtensionJars.unpack(bundle, recipe, folder.resolve("jars"));
  }
}
