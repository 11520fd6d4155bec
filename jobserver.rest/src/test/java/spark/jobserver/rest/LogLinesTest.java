package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogLinesTest {
  @ParameterizedTest
  @CsvSource({"'', 0", "a, 0", "'a\n', 2", "'a\nb', 2", "'\n\n', 2"})
  void whatComesAfterTheLastLineBreakIsNoWholeLine(String text, int whole) {
    assertThat(LogLines.whole(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(whole);
  }

  @ParameterizedTest
  @CsvSource({"ab, 2", "aä, 3", "a€, 4", "a😀, 5"})
  void aCharacterIsNotCut(String text, int length) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertThat(LogLines.wholeCharacters(bytes)).isEqualTo(length);
    for (int cut = 2; cut < length; cut++) {
      byte[] part = Arrays.copyOf(bytes, cut);
      assertThat(LogLines.wholeCharacters(part)).as("of %s cut at %s", text, cut).isEqualTo(1);
    }
  }

  @Test
  void whatIsNoUtf8IsTakenAsItIs() {
    byte[] bytes = {(byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80};
    assertThat(LogLines.wholeCharacters(bytes)).isEqualTo(5);
    assertThat(LogLines.wholeCharacters(new byte[] {(byte) 0xe2})).isEqualTo(1);
  }

  @Test
  void blanksAndEmptyLinesAreKept() {
    assertThat(LogLines.of("a  \n\n b\n\n")).containsExactly("a  ", "", " b", "");
    assertThat(LogLines.of("a\rb\r\nc")).containsExactly("a", "b", "c");
    assertThat(LogLines.of("")).containsExactly("");
  }
}
