package spark.jobserver.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class WireTest {
  @Test
  void readsAMessageAndLeavesTheAttachment() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(Wire.line(new Event.JobStarted("a\nb")));
    bytes.writeBytes("\nthe rest".getBytes(StandardCharsets.UTF_8));
    InputStream in = new ByteArrayInputStream(bytes.toByteArray());

    assertThat(Wire.readLine(in, Event.class)).isEqualTo(new Event.JobStarted("a\nb"));
    assertThat(in.readAllBytes()).asString().isEqualTo("\nthe rest");
  }

  @Test
  void refusesAMessageThatBreaksOff() {
    byte[] line = Wire.line(new Event.JobStarted("x"));
    InputStream in = new ByteArrayInputStream(line, 0, line.length - 1);

    assertThatThrownBy(() -> Wire.readLine(in, Event.class))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("breaks off");
  }

  @Test
  void carriesSettingsLargerThanTheJsonLibraryAllowsByItself() throws IOException {
    Command large = new Command.RunJob("x", "a.B", binary(), List.of(), "x".repeat(21_000_000));

    assertThat(Wire.read(Wire.line(large), Command.class)).isEqualTo(large);
  }

  @Test
  void writesNothingThatNobodyWouldRead() {
    Command huge =
        new Command.RunJob("x", "a.B", binary(), List.of(), "x".repeat(65 * 1024 * 1024));

    assertThatThrownBy(() -> Wire.line(huge)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Command.BinaryFile binary() {
    return new Command.BinaryFile("app", "Egg", 0, "ab".repeat(32), 1);
  }

  @Test
  void makesSecretsThatDiffer() {
    assertThat(Wire.newSecret()).hasSize(64).isNotEqualTo(Wire.newSecret());
    assertThat(Wire.hash("secret"))
        .isEqualTo("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  }
}
