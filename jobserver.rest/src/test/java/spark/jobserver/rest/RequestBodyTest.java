package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequestBodyTest {
  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whoeverReadsTooMuchFindsTheRefusalBehindTheError() {
    RequestBody body = new RequestBody(bytes("123456"), 5);
    assertThatThrownBy(body::readAllBytes)
        .isInstanceOf(IOException.class)
        .satisfies(error -> assertThat(Rejection.in(error)).isPresent());
  }

  @Test
  void skippedBytesCountToo() throws IOException {
    RequestBody body = new RequestBody(bytes("123456"), 5);
    assertThat(body.skip(5)).isEqualTo(5);
    assertThatThrownBy(body::read).isInstanceOf(IOException.class);
  }

  @Test
  void aLengthBeyondTheLimitIsRefusedUnread() {
    RequestBody body = new RequestBody(new BrokenBody(), 5);
    assertThatCode(() -> body.checkLength(Optional.empty())).doesNotThrowAnyException();
    assertThatCode(() -> body.checkLength(Optional.of("5"))).doesNotThrowAnyException();
    assertThatCode(() -> body.checkLength(Optional.of("x"))).doesNotThrowAnyException();
    assertThatThrownBy(() -> body.checkLength(Optional.of("6"))).isInstanceOf(Rejection.class);
  }
}
