package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FullDiskTest {
  @ParameterizedTest
  @ValueSource(strings = {"x: No space left on device", "/data/x: Disk quota exceeded"})
  void isToldByAnErrorOrItsCause(String words) {
    IOException full = new IOException(words);

    assertThat(FullDisk.isToldBy(full)).isTrue();
    assertThat(FullDisk.isToldBy(new IllegalStateException(new UncheckedIOException(full))))
        .isTrue();
  }

  @Test
  void isNotToldByOthers() {
    assertThat(FullDisk.isToldBy(new IOException("Permission denied", new IOException())))
        .isFalse();
  }
}
