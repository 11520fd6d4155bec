package spark.jobserver.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevisionStoreTest {
  @TempDir Path folder;

  @Test
  void bytesAreKeptUnderTheirDigest() throws Exception {
    RevisionStore store = new RevisionStore(folder.resolve("made"));
    String digest = store.keep(Jars.stream("abc".getBytes(UTF_8)));
    assertThat(digest)
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(store.path(digest)).hasContent("abc");
    assertThat(store.keep(Jars.stream("abc".getBytes(UTF_8)))).isEqualTo(digest);
  }

  @Test
  void whatNobodyNeedsGoesButNotWhatWasKeptLately() throws Exception {
    RevisionStore store = new RevisionStore(folder);
    String needed = store.keep(Jars.stream("needed".getBytes(UTF_8)));
    String other = store.keep(Jars.stream("other".getBytes(UTF_8)));
    Files.writeString(folder.resolve("memory.json"), "{}");
    Path part = Files.createFile(folder.resolve("plugin123.part"));

    store.retain(Set.of(needed), Instant.now().minusSeconds(60));
    assertThat(store.has(other)).isTrue();
    store.retain(Set.of(needed), Instant.now().plusSeconds(60));
    assertThat(store.has(needed)).isTrue();
    assertThat(store.has(other)).isFalse();
    assertThat(folder.resolve("memory.json")).exists();
    assertThat(part).doesNotExist();
  }
}
