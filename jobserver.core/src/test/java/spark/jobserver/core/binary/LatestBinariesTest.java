package spark.jobserver.core.binary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.MemoryDao;

class LatestBinariesTest {
  private final MemoryDao dao = new MemoryDao();
  private final LatestBinaries binaries = new LatestBinaries(dao);

  private Binary upload(String name, int time) {
    Binary binary =
        new Binary(name, BinaryType.WHEEL, Instant.ofEpochMilli(time), "0".repeat(64), 1);
    dao.insertBinary(binary, Content.of(new byte[1]), "");
    return binary;
  }

  private static void refuses(Runnable search, ErrorCode code, String words) {
    assertThatThrownBy(search::run)
        .isInstanceOfSatisfying(
            JobserverException.class, error -> assertThat(error.code()).isEqualTo(code))
        .hasMessage(words);
  }

  @Test
  void what_is_named_is_found_in_its_latest_version_and_once() {
    upload("b", 1);
    Binary b = upload("b", 2);
    Binary a = upload("a", 3);

    assertThat(binaries.find("b")).isEqualTo(b);
    assertThat(binaries.dependencies(List.of("b", "a", "b"))).containsExactly(b, a);
    assertThat(binaries.dependencies(List.of())).isEmpty();
  }

  @Test
  void a_name_that_no_binary_has_is_told_as_that_of_a_job() {
    refuses(() -> binaries.find("x"), ErrorCode.BINARY_NOT_FOUND, "appName x not found");
    upload("a", 1);
    refuses(
        () -> binaries.dependencies(List.of("a", "x")),
        ErrorCode.BINARY_NOT_FOUND,
        "appName x not found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///opt/lib.whl",
        "file:/opt/lib.whl",
        "https://host/lib.whl",
        "HTTP://169.254.169.254/",
        "s3a://bucket/lib.whl"
      })
  void nothing_is_fetched_for_callers(String uri) {
    refuses(
        () -> binaries.dependencies(List.of(uri)),
        ErrorCode.CONFIG,
        "Cannot parse config: dependent-py-uris names '"
            + uri
            + "', and the server fetches nothing for callers. Upload it (POST /binaries/<name>)"
            + " and give its name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///opt/lib.whl", "a:b", "C:\\lib.whl", "../lib.whl"})
  void a_name_is_any_text(String name) {
    Binary binary = upload(name, 1);

    assertThat(binaries.dependencies(List.of(name))).containsExactly(binary);
  }

  @Test
  void names_without_end_are_refused() {
    refuses(
        () -> binaries.dependencies(Collections.nCopies(101, "a")),
        ErrorCode.CONFIG,
        "Cannot parse config: it names more than 100 binaries, which are the most");
    refuses(
        () -> binaries.dependencies(List.of("x".repeat(8_001))),
        ErrorCode.CONFIG,
        "Cannot parse config: the name of a binary has more than 8000 characters, which are the"
            + " most");
  }
}
