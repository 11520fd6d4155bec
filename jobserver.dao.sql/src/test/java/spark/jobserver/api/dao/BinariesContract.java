package spark.jobserver.api.dao;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;

/** Binaries: their versions and their bytes. */
abstract class BinariesContract extends ContractChapter {
  @Test
  void whoseABinaryIsItsLatestVersionSays() {
    byte[] bytes = bytes(10);
    dao.insertBinary(binary("app", BinaryType.EGG, TIME, bytes), Content.of(bytes), "ada");
    dao.insertBinary(binary("app ", BinaryType.EGG, TIME, bytes), Content.of(bytes), "");
    assertThat(dao.binaryOwner("app")).contains("ada");
    assertThat(dao.binaryOwner("app ")).contains("");

    dao.insertBinary(binary("app", BinaryType.WHEEL, TIME, bytes), Content.of(bytes), "eve \u00e4");
    assertThat(dao.binaryOwner("app")).contains("eve \u00e4");

    dao.deleteBinary("app");
    assertThat(dao.binaryOwner("app")).isEmpty();
  }

  @Test
  void aBinaryIsFoundAsItWasInserted() throws IOException {
    Binary egg = insertBinary("app", BinaryType.EGG, TIME, "egg");
    Binary wheel = insertBinary("lib", BinaryType.WHEEL, TIME.plusMillis(1), "wheel");

    assertThat(dao.latestBinary("app")).contains(egg);
    assertThat(dao.latestBinary("lib")).contains(wheel);
    assertThat(text(dao.binaryBytes(egg.digest()))).isEqualTo("egg");
    assertThat(text(dao.binaryBytes(wheel.digest()))).isEqualTo("wheel");
  }

  @Test
  void theLatestUploadOfANameCountsAndEarlierBytesStay() throws IOException {
    Binary first = insertBinary("app", BinaryType.EGG, TIME, "1");
    Binary second = insertBinary("app", BinaryType.WHEEL, TIME.plusMillis(1), "2");

    assertThat(dao.latestBinary("app")).contains(second);
    assertThat(dao.latestBinaries()).containsExactly(second);
    assertThat(text(dao.binaryBytes(first.digest()))).isEqualTo("1");
  }

  @Test
  void ofUploadsInTheSameMillisecondTheLastCounts() {
    insertBinary("app", BinaryType.EGG, TIME, "1");
    Binary second = insertBinary("app", BinaryType.EGG, TIME, "2");

    assertThat(dao.latestBinary("app")).contains(second);
    assertThat(dao.latestBinaries()).containsExactly(second);
  }

  @Test
  void binariesAreListedByName() {
    List<String> names = List.of("b", "a", "B", "a b", "A", "\u00E4", "a.b", "10", "9", "_");
    names.forEach(name -> insertBinary(name, BinaryType.EGG, TIME, name));

    assertThat(dao.latestBinaries())
        .extracting(Binary::name)
        .containsExactlyElementsOf(names.stream().sorted().toList());
  }

  @Test
  void theBytesOfALargeBinaryAreTheSameEveryTime() throws IOException {
    byte[] bytes = bytes(20 << 20);
    Binary binary = insertBinary("large", BinaryType.EGG, TIME, bytes);

    Content content = dao.binaryBytes(binary.digest()).orElseThrow();
    assertThat(content.size()).isEqualTo(bytes.length);
    for (int time = 0; time < 2; time++) {
      try (InputStream stream = content.open()) {
        assertThat(stream.readAllBytes()).isEqualTo(bytes);
        assertThat(stream.read()).isEqualTo(-1);
      }
    }
  }

  static List<Integer> sizes() {
    int mebi = 1 << 20;
    return List.of(0, 1, mebi - 1, mebi, mebi + 1, 2 * mebi, 2 * mebi + 1);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void bytesOfAnySizeComeBackInWhateverStepsTheyAreRead(int size) throws IOException {
    byte[] bytes = bytes(size);
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, bytes);

    Content content = dao.binaryBytes(binary.digest()).orElseThrow();
    assertThat(content.size()).isEqualTo(size);
    try (InputStream stream = content.open()) {
      assertThat(stream.readAllBytes()).isEqualTo(bytes);
    }
    try (InputStream stream = content.open()) {
      assertThat(stream.skip(size - 1L)).isEqualTo(Math.max(0, size - 1));
      assertThat(stream.read()).isEqualTo(size == 0 ? -1 : bytes[size - 1] & 0xFF);
      assertThat(stream.read()).isEqualTo(-1);
      assertThat(stream.read(new byte[3])).isEqualTo(-1);
    }
  }

  @Test
  void theSameBytesStayUntilTheLastOfTheirNamesIsDeleted() throws IOException {
    Binary one = insertBinary("one", BinaryType.EGG, TIME, "same");
    insertBinary("two", BinaryType.WHEEL, TIME, "same");
    insertBinary("two", BinaryType.WHEEL, TIME.plusMillis(1), "other");

    assertThat(dao.deleteBinary("one")).isEqualTo(new BinaryDeletion.Deleted());
    assertThat(text(dao.binaryBytes(one.digest()))).isEqualTo("same");
    assertThat(dao.deleteBinary("two")).isEqualTo(new BinaryDeletion.Deleted());
    assertThat(dao.binaryBytes(one.digest())).isEmpty();
    assertThat(dao.binaryBytes(digest("other".getBytes(UTF_8)))).isEmpty();
  }

  @Test
  void bytesThatAreStoredAreNotReadAgain() {
    Binary one = insertBinary("one", BinaryType.EGG, TIME, "same");
    Content unreadable =
        new Content() {
          @Override
          public long size() {
            return one.size();
          }

          @Override
          public InputStream open() throws IOException {
            throw new IOException("not again");
          }
        };

    Binary two = new Binary("two", BinaryType.EGG, TIME, one.digest(), one.size());
    dao.insertBinary(two, unreadable, "");
    assertThat(dao.latestBinaries()).containsExactly(one, two);
  }

  @Test
  void bytesThatCannotBeReadLeaveNothingBehind() throws IOException {
    byte[] bytes = bytes(3 << 20);
    Binary binary = binary("app", BinaryType.EGG, TIME, bytes);
    Content breaking =
        content(
            bytes.length,
            new SequenceInputStream(
                new ByteArrayInputStream(bytes, 0, 2 << 20),
                new Ending(
                    () -> {
                      throw new IOException("the disk is gone");
                    })));

    assertThatThrownBy(() -> dao.insertBinary(binary, breaking, ""))
        .isInstanceOf(DaoException.class)
        .hasMessageContaining("the disk is gone");
    assertThat(dao.latestBinaries()).isEmpty();
    assertThat(dao.binaryBytes(binary.digest())).isEmpty();

    dao.insertBinary(binary, Content.of(bytes), "");
    assertThat(read(dao.binaryBytes(binary.digest()))).isEqualTo(bytes);
  }

  @Test
  void bytesThatAreNotThoseAnnouncedAreRefused() {
    Binary binary = binary("app", BinaryType.EGG, TIME, bytes(1000));

    assertThatThrownBy(() -> dao.insertBinary(binary, Content.of(bytes(999)), ""))
        .isInstanceOf(DaoException.class);
    assertThatThrownBy(() -> dao.insertBinary(binary, Content.of(new byte[1000]), ""))
        .isInstanceOf(DaoException.class);
    assertThat(dao.latestBinaries()).isEmpty();
    assertThat(dao.binaryBytes(binary.digest())).isEmpty();
  }

  @Test
  void nothingOfABinaryIsVisibleBeforeAllOfItIs() throws Exception {
    byte[] bytes = bytes(3 << 20);
    Binary binary = binary("app", BinaryType.EGG, TIME, bytes);
    CyclicBarrier halfway = new CyclicBarrier(2);
    CyclicBarrier goOn = new CyclicBarrier(2);
    InputStream waiting =
        new Ending(
            () -> {
              halfway.await(30, TimeUnit.SECONDS);
              goOn.await(30, TimeUnit.SECONDS);
            });
    InputStream slow =
        new SequenceInputStream(
            Collections.enumeration(
                List.of(
                    new ByteArrayInputStream(bytes, 0, 2 << 20),
                    waiting,
                    new ByteArrayInputStream(bytes, 2 << 20, 1 << 20))));
    Future<?> upload =
        threads.submit(() -> dao.insertBinary(binary, content(bytes.length, slow), ""));
    halfway.await(30, TimeUnit.SECONDS);

    List<Object> seen =
        threads
            .submit(
                () ->
                    Stream.of(
                            dao.latestBinaries().stream(),
                            dao.latestBinary("app").stream(),
                            dao.binaryBytes(binary.digest()).stream())
                        .flatMap(each -> each)
                        .collect(Collectors.<Object>toList()))
            .get(30, TimeUnit.SECONDS);
    goOn.await(30, TimeUnit.SECONDS);
    upload.get(30, TimeUnit.SECONDS);

    assertThat(seen).isEmpty();
    assertThat(dao.latestBinary("app")).contains(binary);
    assertThat(read(dao.binaryBytes(binary.digest()))).isEqualTo(bytes);
  }

  @Test
  void aBinaryIsNotDeletedWhileAJobOfAnyOfItsVersionsIsNotFinal() {
    Binary old = insertBinary("app", BinaryType.EGG, TIME, "1");
    insertBinary("app", BinaryType.EGG, TIME.plusMillis(1), "2");
    Binary other = insertBinary("other", BinaryType.EGG, TIME, "1");
    Job late = insertJob(job(old, TIME.plusMillis(2)));
    Job early = insertJob(job(old, TIME.plusMillis(1)).in(JobState.RUNNING));
    insertJob(job(other, TIME));

    assertThat(dao.deleteBinary("app"))
        .isEqualTo(new BinaryDeletion.InUse(List.of(early.id(), late.id())));
    assertThat(dao.latestBinary("app")).isPresent();
    assertThat(finish(late.id())).isTrue();
    assertThat(dao.deleteBinary("app")).isEqualTo(new BinaryDeletion.InUse(List.of(early.id())));
    assertThat(finish(early.id())).isTrue();
    assertThat(dao.deleteBinary("app")).isEqualTo(new BinaryDeletion.Deleted());
    assertThat(dao.latestBinary("app")).isEmpty();
    assertThat(dao.binaryBytes(old.digest())).as("the other name's").isPresent();
    assertThat(dao.job(early.id())).map(Job::binary).as("history").contains(old);
  }

  @Test
  void aBinaryIsNotDeletedWhileAJobThatDependsOnItIsNotFinal() {
    Binary app = insertBinary("app", BinaryType.EGG, TIME, "app");
    Binary old = insertBinary("lib", BinaryType.WHEEL, TIME, "1");
    insertBinary("lib", BinaryType.WHEEL, TIME.plusMillis(1), "2");
    Binary other = insertBinary("other", BinaryType.WHEEL, TIME, "other");
    Job own = job(old, TIME);
    Job job = job(app, TIME.plusMillis(1));
    assertThat(insert(job, other, old)).isEqualTo(new JobInsertion.Inserted());
    assertThat(insert(own)).isEqualTo(new JobInsertion.Inserted());

    assertThat(dao.jobDependencies(job.id())).containsExactly(other, old);
    assertThat(dao.deleteBinary("lib"))
        .isEqualTo(new BinaryDeletion.InUse(List.of(own.id(), job.id())));
    assertThat(finish(own.id())).isTrue();
    assertThat(dao.deleteBinary("lib")).isEqualTo(new BinaryDeletion.InUse(List.of(job.id())));
    assertThat(dao.deleteBinary("other")).isEqualTo(new BinaryDeletion.InUse(List.of(job.id())));
    assertThat(finish(job.id())).isTrue();
    assertThat(dao.deleteBinary("lib")).isEqualTo(new BinaryDeletion.Deleted());
    assertThat(dao.jobDependencies(job.id())).as("history").containsExactly(other, old);
  }

  @Test
  void aJobThatDependsOnWhatIsGoneIsNotAddedAndToldWhat() {
    Binary app = insertBinary("app", BinaryType.EGG, TIME, "app");
    Binary lib = insertBinary("lib", BinaryType.WHEEL, TIME, "lib");
    dao.deleteBinary("lib");
    Job job = job(app, TIME);

    assertThat(insert(job, lib)).isEqualTo(new JobInsertion.BinaryGone("lib"));
    assertThat(dao.job(job.id())).isEmpty();
    assertThat(dao.jobDependencies(job.id())).isEmpty();
    assertThat(dao.jobDependencies("no such job")).isEmpty();
  }

  @Test
  void aNameThatWasDeletedCanBeUploadedAgain() throws IOException {
    insertBinary("app", BinaryType.EGG, TIME, "same");
    dao.deleteBinary("app");
    Binary again = insertBinary("app", BinaryType.EGG, TIME.plusMillis(1), "same");

    assertThat(dao.latestBinaries()).containsExactly(again);
    assertThat(text(dao.binaryBytes(again.digest()))).isEqualTo("same");
    assertThat(dao.deleteBinary("app")).isEqualTo(new BinaryDeletion.Deleted());
  }

  @Test
  void aReaderOfBytesThatAreDeletedMeanwhileGetsThemAllOrIsToldSo() throws IOException {
    byte[] bytes = bytes(5 << 20);
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, bytes);
    try (InputStream stream = dao.binaryBytes(binary.digest()).orElseThrow().open()) {
      assertThat(stream.read()).isEqualTo(bytes[0] & 0xFF);
      dao.deleteBinary("app");

      assertThat(allOrTold(stream)).isIn(bytes.length - 1, -1);
    }
  }

  /** How many bytes are left, or -1. */
  private static int allOrTold(InputStream stream) {
    try {
      return stream.readAllBytes().length;
    } catch (IOException e) {
      return -1;
    }
  }
}
