package spark.jobserver.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.server.Plugins.Revision;

class MemoryTest {
  @TempDir Path folder;

  @Test
  void whatIsPutIsThereAfterAStart() throws Exception {
    Path file = folder.resolve("data/memory.json");
    Memory memory = Memory.of(file);
    assertThat(memory.all()).isEmpty();
    Memory.Past first = new Memory.Past("f1", new Revision("1.0.0", "d1"), Optional.empty(), false);
    Memory.Past second =
        new Memory.Past(
            "f2", new Revision("1.0.0", "d1"), Optional.of(new Revision("2.0.0", "d2")), true);
    memory.put("a.b", first);
    memory.put("c \"d\"", second);
    memory.put("gone", first);
    memory.forget("gone");

    Memory again = Memory.of(file);
    assertThat(again.of("a.b")).contains(first);
    assertThat(again.of("c \"d\"")).contains(second);
    assertThat(again.of("gone")).isEmpty();
    assertThat(again.all()).hasSize(2);
  }

  @Test
  void aFileThatIsNotItsOwnIsTold() throws Exception {
    Path file = Files.writeString(folder.resolve("memory.json"), "plugins = 7");
    assertThatThrownBy(() -> Memory.of(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("memory.json is not what was written there");
  }
}
