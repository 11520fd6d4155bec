package spark.jobserver.core.binary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.Spool;

class StoredBinariesTest {
  private static final byte[] ARCHIVE = "PK\003\004 and more".getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path spool;
  private final MemoryDao dao = new MemoryDao();
  private StoredBinaries binaries;

  @BeforeEach
  void make() {
    binaries = new StoredBinaries(dao, new Spool(spool));
  }

  @Test
  void stores_an_archive_by_its_digest_and_leaves_no_file() throws IOException {
    Binary stored = binaries.upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE));

    assertThat(stored.digest())
        .isEqualTo("b1aeff1de5a4645b347ac7e2e433d66a0c22937c3e2406f743dea84fdd32eb94");
    assertThat(stored.size()).isEqualTo(ARCHIVE.length);
    assertThat(binaries.find("egg")).contains(stored);
    try (InputStream in = dao.binaryBytes(stored.digest()).orElseThrow().open()) {
      assertThat(in.readAllBytes()).isEqualTo(ARCHIVE);
    }
    assertThatNothingIsLeft();
  }

  @Test
  void refuses_what_is_no_archive() {
    for (String bytes : new String[] {"", "PK\003\004", "PK\003\005 and more", "not a zip"}) {
      assertThatThrownBy(
              () ->
                  binaries.upload(
                      "egg",
                      BinaryType.EGG,
                      new ByteArrayInputStream(bytes.getBytes(StandardCharsets.ISO_8859_1))))
          .isInstanceOfSatisfying(
              JobserverException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.BINARY_FORMAT))
          .hasMessage("Binary is not of the right format");
    }
    assertThat(binaries.list()).isEmpty();
    assertThatNothingIsLeft();
  }

  @Test
  void an_upload_that_breaks_off_leaves_nothing() {
    InputStream broken =
        new SequenceInputStream(
            new ByteArrayInputStream(ARCHIVE),
            new FilterInputStream(InputStream.nullInputStream()) {
              @Override
              public int read() throws IOException {
                throw new IOException("connection reset");
              }

              @Override
              public int read(byte[] bytes, int offset, int length) throws IOException {
                return read();
              }
            });

    assertThatThrownBy(() -> binaries.upload("egg", BinaryType.EGG, broken))
        .isInstanceOf(IOException.class);
    assertThat(binaries.list()).isEmpty();
    assertThatNothingIsLeft();
  }

  @Test
  void a_store_that_refuses_is_told_as_such() {
    dao.failNext(1);

    assertThatThrownBy(
            () -> binaries.upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE)))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STORAGE));
    assertThatNothingIsLeft();
  }

  @Test
  void deletes_by_name_and_says_when_there_is_none() throws IOException {
    binaries.upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE));

    binaries.delete("egg");

    assertThat(binaries.find("egg")).isEmpty();
    assertThatThrownBy(() -> binaries.delete("egg")).hasMessage("can't find binary with name egg");
  }

  @Test
  void who_changes_its_own_only_is_refused_the_names_of_others() throws IOException {
    Binaries ada = binaries.of(new Caller("ada", true, false));
    Binaries eve = binaries.of(new Caller("eve", true, false));
    ada.upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE));

    for (ThrowingCallable change :
        List.<ThrowingCallable>of(
            () -> eve.upload("egg", BinaryType.EGG, InputStream.nullInputStream()),
            () -> eve.delete("egg"))) {
      assertThatThrownBy(change)
          .isInstanceOfSatisfying(
              JobserverException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.BINARY_OF_OTHERS))
          .hasMessageStartingWith("The binary egg was uploaded by somebody else.");
    }
    assertThat(eve.find("egg")).isPresent();
    ada.upload("egg", BinaryType.WHEEL, new ByteArrayInputStream(ARCHIVE));
    ada.delete("egg");
    eve.upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE));
    assertThat(dao.binaryOwner("egg")).contains("eve");
  }

  @Test
  void a_name_that_was_taken_during_the_upload_is_refused_at_its_end() {
    Binaries ada = binaries.of(new Caller("ada", true, false));
    InputStream meanwhile =
        new FilterInputStream(new ByteArrayInputStream(ARCHIVE)) {
          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            if (binaries.find("egg").isEmpty()) {
              binaries
                  .of(new Caller("eve", true, false))
                  .upload("egg", BinaryType.EGG, new ByteArrayInputStream(ARCHIVE));
            }
            return super.read(bytes, offset, length);
          }
        };

    assertThatThrownBy(() -> ada.upload("egg", BinaryType.EGG, meanwhile))
        .hasMessageStartingWith("The binary egg was uploaded by somebody else.");
    assertThat(dao.binaryOwner("egg")).contains("eve");
    assertThatNothingIsLeft();
  }

  private void assertThatNothingIsLeft() {
    try (Stream<Path> files = Files.list(spool)) {
      assertThat(files).isEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
