package spark.jobserver.core.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreNoteTest {
  @TempDir private Path folder;

  @Test
  void aNoteIsReadAsItWasWritten() throws IOException {
    Path file = folder.resolve("store");
    assertThat(StoreNote.read(file)).isEmpty();

    StoreNote note = new StoreNote("b.\"Dao\"", Map.of("a.Dao", "d1"), Set.of("c.Dao", "d.Dao"));
    note.write(file);
    assertThat(StoreNote.read(file)).contains(note);

    StoreNote next = StoreNote.of("a.Dao");
    next.write(file);
    assertThat(StoreNote.read(file)).contains(next);
    assertThat(folder).isDirectoryContaining("glob:**/store").isNotEmptyDirectory();
    assertThat(Files.exists(folder.resolve("store.part"))).isFalse();
  }

  @Test
  void whatIsNoNoteIsRefused() throws IOException {
    Path file = folder.resolve("store");
    for (String text : new String[] {"", "{", "{\"store\": \"a\"}", "[]"}) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> StoreNote.read(file))
          .as(text)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("does not say which store was used last");
    }
  }

  @Test
  void aMoveIsNotedFromItsBeginningToItsEnd() {
    StoreNote first = StoreNote.of("a");
    StoreNote begun = first.begun("b");
    assertThat(begun).isEqualTo(new StoreNote("a", Map.of(), Set.of("b")));
    StoreNote there = begun.moved("b", "1");
    assertThat(there).isEqualTo(new StoreNote("b", Map.of("a", "1"), Set.of()));
    assertThat(there.begun("a").moved("a", "2"))
        .isEqualTo(new StoreNote("a", Map.of("b", "2"), Set.of()));
  }
}
