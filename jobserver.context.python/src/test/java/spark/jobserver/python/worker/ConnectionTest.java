package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

class ConnectionTest {
  @Test
  void aMessageIsItsLengthAndItsJson() throws IOException {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    try (Connection connection = connection(new byte[0], sent)) {
      connection.write(Connection.JSON.createObjectNode().put("op", "é"));
    }
    assertThat(sent.toByteArray()).isEqualTo(frame("{\"op\":\"é\"}"));
  }

  @Test
  void messagesAndResultsAreReadOneAfterTheOther() throws Exception {
    byte[] received = join(frame("{\"op\":\"ended\"}"), frame("[1]"), frame("{\"op\":\"x\"}"));
    try (Connection connection = connection(received, new ByteArrayOutputStream())) {
      assertThat(connection.read().path("op").asText()).isEqualTo("ended");
      assertThat(connection.readBytes(connection.readLength())).isEqualTo("[1]".getBytes(UTF_8));
      assertThat(connection.read().path("op").asText()).isEqualTo("x");
      assertThatThrownBy(connection::read).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void aResultIsPassedOnWhole() throws Exception {
    String result = "x".repeat(200_000);
    ByteArrayOutputStream sink = new ByteArrayOutputStream();
    try (Connection connection = connection(frame(result), new ByteArrayOutputStream())) {
      connection.readBytes(connection.readLength(), sink);
    }
    assertThat(sink.toString(UTF_8)).isEqualTo(result);
  }

  @Test
  void aFrameThatBreaksOffIsAnEnd() throws IOException {
    byte[] received = ByteBuffer.allocate(6).putInt(10).put((byte) '{').array();
    try (Connection connection = connection(received, new ByteArrayOutputStream())) {
      assertThatThrownBy(connection::read).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void whatCannotBeALengthIsRefused() throws IOException {
    byte[] negative = ByteBuffer.allocate(4).putInt(-1).array();
    try (Connection connection = connection(negative, new ByteArrayOutputStream())) {
      assertThatThrownBy(connection::read).hasMessageContaining("-1 bytes");
    }
    byte[] huge = ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array();
    try (Connection connection = connection(huge, new ByteArrayOutputStream())) {
      assertThatThrownBy(connection::read).hasMessageContaining("too long");
    }
  }

  @Test
  void aFullDiskIsToldFromALostConnection() throws IOException {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int octet) throws IOException {
            throw new IOException("no space left");
          }
        };
    try (Connection connection = connection(frame("[1]"), new ByteArrayOutputStream())) {
      int length = connection.readLength();
      assertThatThrownBy(() -> connection.readBytes(length, full))
          .isInstanceOf(Connection.SinkException.class)
          .hasRootCauseMessage("no space left");
    }
  }

  private static Connection connection(byte[] received, OutputStream sent) {
    return new Connection(
        Channels.newChannel(new ByteArrayInputStream(received)), Channels.newChannel(sent));
  }

  private static byte[] frame(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
