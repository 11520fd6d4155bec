package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PluginArchiveTest {
  private static final String BUNDLE =
      """
      Manifest-Version: 1.0
      Bundle-ManifestVersion: 2
      Bundle-SymbolicName: org.example.a;singleton:=true
      Bundle-Version: 1.2
      """;

  @TempDir Path folder;
  private final Findings findings = new Findings();

  private boolean check(Path file) {
    return new PluginArchive(findings, Set.of("jobserver.core")).check(file);
  }

  private Path jar(Map<String, String> entries) throws Exception {
    Path jar = folder.resolve("a.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue().getBytes(UTF_8));
      }
    }
    return jar;
  }

  private Path bundle(String more) throws Exception {
    return jar(Map.of("META-INF/MANIFEST.MF", BUNDLE + more));
  }

  @Test
  void ofABundleTheNameAndTheVersionAreRead() throws Exception {
    assertThat(check(bundle(""))).isTrue();
    assertThat(findings.text()).isEqualTo("org.example.a 1.2.0\n  no problem was found");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/../../x", "/x", "..\\x", "C:x"})
  void anEntryMustNotLeadOut(String name) throws Exception {
    assertThat(check(jar(Map.of("META-INF/MANIFEST.MF", BUNDLE, name, "")))).isFalse();
    assertThat(findings.text()).contains("an entry whose name leads out of it: " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a..b/x", "...", "a/..b"})
  void dotsInANameLeadNowhere(String name) throws Exception {
    assertThat(check(jar(Map.of("META-INF/MANIFEST.MF", BUNDLE, name, "")))).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Import-Package: a,scala.collection.immutable;version=\"[2.12,3)\" | It imports"
            + " scala.collection.immutable, which differs",
        "DynamicImport-Package: scala.collection | It imports scala.collection, which differs",
        "Fragment-Host: jobserver.core | It is a fragment",
      })
  void whatMustNotBeInAManifestIsTold(String header, String words) throws Exception {
    assertThat(check(bundle(header + "\n"))).isFalse();
    assertThat(findings.text()).contains("problem: " + words);
  }

  @Test
  void otherPackagesOfScalaMayBeImported() throws Exception {
    assertThat(check(bundle("Import-Package: scala,scala.reflect,scala.collections\n"))).isTrue();
  }

  @Test
  void theNameOfABundleOfTheServersOwnIsTaken() throws Exception {
    String own = BUNDLE.replace("org.example.a;singleton:=true", "jobserver.core");
    assertThat(check(jar(Map.of("META-INF/MANIFEST.MF", own)))).isFalse();
    assertThat(findings.text())
        .contains("It is called jobserver.core, as a bundle of the server's");
  }

  @Test
  void whatIsNoBundleIsTold() throws Exception {
    assertThat(check(folder.resolve("none.jar"))).isFalse();
    assertThat(check(Files.createFile(folder.resolve("empty.jar")))).isFalse();
    byte[] whole = Files.readAllBytes(bundle(""));
    Path half = folder.resolve("half.jar");
    assertThat(check(Files.write(half, Arrays.copyOf(whole, whole.length / 2)))).isFalse();
    assertThat(check(jar(Map.of("x", "y")))).isFalse();
    assertThat(check(jar(Map.of("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")))).isFalse();
    assertThat(findings.text())
        .contains(
            "problem: There is no file",
            "problem: The file is empty.",
            "problem: The file is no jar, or only a part of one",
            "problem: The jar has no manifest",
            "problem: The jar is no bundle");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "(&(p=a)(version>=1.0.0)(!(version>=2.0.0))) | ' [1.0.0,2.0.0)'",
        "(&(p=a)(version>=1.0.0)) | ' from 1.0.0 on'",
        "(&(p=a)(version>=1.0.0)(version<=2.0.0)) | ' [1.0.0,2.0.0]'",
        "(&(p=a)(!(version<=1.0.0))(version<=2.0.0)) | ' (1.0.0,2.0.0]'",
        "(p=a) | ''"
      })
  void aRangeIsToldAsItIsWritten(String filter, String range) {
    assertThat(PluginImports.range(filter)).isEqualTo(range);
  }
}
