package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackedEnvironmentTest {
  @TempDir Path folder;
  private Path python;

  @BeforeEach
  void makeEnvironment() throws IOException {
    python = folder.resolve("venv").resolve("bin").resolve("python");
    Files.createDirectories(python.getParent());
    Files.writeString(python, "#!/bin/sh\necho 3.11\n");
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path pack(String name, String... options) throws Exception {
    Path archive = folder.resolve(name);
    List<String> command = new ArrayList<>(List.of("tar"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cf", archive.toString(), "-C", folder.resolve("venv").toString()));
    command.add(".");
    Process tar = new ProcessBuilder(command).inheritIO().start();
    assertThat(tar.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(tar.exitValue()).isZero();
    return archive;
  }

  private PackedEnvironment unpack(Path archive) throws Exception {
    return PackedEnvironment.unpack(archive, folder.resolve("context"));
  }

  @ParameterizedTest
  @CsvSource({
    "venv.tar.gz, -z, .tar.gz",
    "data-1.dat, -z, .tar.gz",
    "venv.tar, --format=ustar, .tar"
  })
  void isUnpackedWhateverTheArchiveIsCalledAndKeptForExecutors(
      String name, String option, String suffix) throws Exception {
    Path archive = pack(name, option);
    Path link = Files.createSymbolicLink(folder.resolve("link"), archive.getFileName());

    PackedEnvironment environment = unpack(link);

    assertThat(environment.archive())
        .hasFileName("python-environment" + suffix)
        .hasSameBinaryContentAs(archive);
    assertThat(Path.of(environment.python())).isExecutable().hasContent("#!/bin/sh\necho 3.11\n");
  }

  @Test
  void executorsInProcessesOfTheirOwnFindItInTheirFoldersAndTheDriverInItsOwn() throws Exception {
    PackedEnvironment environment = unpack(pack("venv.tar.gz", "-z"));
    Path working = Files.createDirectories(folder.resolve("working"));

    for (int i = 0; i < 2; i++) {
      assertThat(environment.executorsPython("local-cluster[2,1,1024]", working))
          .isEqualTo("./python-environment/bin/python");
    }
    assertThat(working.resolve("./python-environment/bin/python")).isExecutable();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "local[4]", "local[*, 2]"})
  void executorsWithinTheDriverHaveTheDriversOwn(String master) throws Exception {
    PackedEnvironment environment = unpack(pack("venv.tar.gz", "-z"));

    assertThat(environment.executorsPython(master, folder)).isEqualTo(environment.python());
    assertThat(folder.resolve("python-environment")).doesNotExist();
  }

  @Test
  void whatCannotBeReadIsNamed() {
    Path missing = folder.resolve("missing.tar.gz");
    assertThatThrownBy(() -> unpack(missing))
        .hasMessage(
            missing
                + " (python.environment) is no file that can be read on the machine where the"
                + " context's driver runs");
    assertThatThrownBy(() -> unpack(folder))
        .hasMessageStartingWith(folder + " (python.environment) is no file");
  }

  @Test
  void whatIsNoArchiveIsNamed() throws Exception {
    Path text = Files.writeString(folder.resolve("text.tar.gz"), "text");
    assertThatThrownBy(() -> unpack(text))
        .hasMessage(text + " (python.environment) is neither a .tar.gz nor a .tar");
  }

  @Test
  void aDamagedArchiveIsToldWithTheWordsOfWhoUnpacksIt() throws Exception {
    Path archive = pack("venv.tar.gz", "-z");
    byte[] bytes = Files.readAllBytes(archive);
    Files.write(archive, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> unpack(archive))
        .hasMessageStartingWith(archive + " (python.environment) cannot be unpacked: ")
        .hasMessageContaining("gzip");
  }

  @Test
  void anArchiveWithoutAPythonIsToldHowToMakeOneWithIt() throws Exception {
    Files.delete(python);
    Files.createSymbolicLink(python, folder.resolve("no-such-python"));
    Path archive = pack("venv.tar.gz", "-z");
    assertThatThrownBy(() -> unpack(archive))
        .hasMessageStartingWith(archive + " (python.environment) has no bin/python that runs here")
        .hasMessageContaining("venv-pack or conda-pack");
  }
}
