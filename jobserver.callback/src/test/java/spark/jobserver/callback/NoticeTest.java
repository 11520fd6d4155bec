package spark.jobserver.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;

class NoticeTest {
  @Test
  void aResultIsToldAsItIs() throws IOException {
    Notice notice = Notice.of(Jobs.finished("j"), Optional.of(content("[1, \"ü\"]")));

    assertThat(text(notice)).isEqualTo("{\"jobId\":\"j\",\"result\":[1, \"ü\"]}");
    assertThat(notice.getContentType()).isEqualTo("application/json");
  }

  @Test
  void aFailureIsToldWithItsReason() throws IOException {
    Failure why = new Failure("it \"broke\"", "builtins.ValueError", "line 1\nline 2");
    Notice notice = Notice.of(Jobs.failed("j", why), Optional.empty());

    assertThat(text(notice))
        .isEqualTo(
            "{\"jobId\":\"j\",\"status\":\"ERROR\",\"result\":{\"message\":\"it \\\"broke\\\"\","
                + "\"errorClass\":\"builtins.ValueError\",\"stack\":\"line 1\\nline 2\"}}");
  }

  @Test
  void aJobWithoutAResultHasReturnedNothing() throws IOException {
    assertThat(text(Notice.of(Jobs.finished("j"), Optional.empty())))
        .isEqualTo("{\"jobId\":\"j\",\"result\":null}");
  }

  @Test
  void whatIsNoTextCanBeToldToo() throws IOException {
    Failure why = new Failure("half a pair: \ud83d, ü", "", "");
    JsonNode told =
        new ObjectMapper().readTree(text(Notice.of(Jobs.failed("j", why), Optional.empty())));

    assertThat(told.at("/result/message").textValue()).isEqualTo("half a pair: \ud83d, ü");
  }

  @Test
  void eachAttemptReadsTheResultAnew() throws IOException {
    Notice notice = Notice.of(Jobs.finished("j"), Optional.of(content("1")));

    assertThat(text(notice)).isEqualTo(text(notice));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3})
  void aResultOfAnotherLengthThanAnnouncedIsNotTold(long announced) {
    Content wrong =
        new Content() {
          @Override
          public long size() {
            return announced;
          }

          @Override
          public InputStream open() {
            return new ByteArrayInputStream("12".getBytes(UTF_8));
          }
        };

    assertThatThrownBy(
            () ->
                Notice.of(Jobs.finished("j"), Optional.of(wrong))
                    .writeTo(OutputStream.nullOutputStream()))
        .isInstanceOf(IOException.class)
        .hasMessage("the result has 2 bytes, not " + announced);
  }

  private static Content content(String json) {
    return Content.of(json.getBytes(UTF_8));
  }

  /** What is written, of the length that was announced. */
  private static String text(Notice notice) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    notice.writeTo(out);
    assertThat(notice.getContentLength()).isEqualTo(out.size());
    return out.toString(UTF_8);
  }
}
