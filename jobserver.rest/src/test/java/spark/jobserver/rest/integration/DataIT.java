package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class DataIT extends RunningServer {
  private static final Path FILE = Path.of("/upload/a-now.dat");

  @Test
  void anUploadSaysWhereItIs() {
    server
        .send("POST /data/a", "Content-Type: text/plain\n", "some data")
        .isJson(200, "{'result': {'filename': '/upload/a-now.dat'}}");
    assertThat(data.files.get(FILE)).asString(StandardCharsets.UTF_8).isEqualTo("some data");
  }

  @Test
  void aPrefixMayBeAnyText() {
    server
        .send("POST /data/%2e%2e%2F%C3%A4%20b", "x")
        .isJson(200, "{'result': {'filename': '/upload/.._ä b-now.dat'}}");
  }

  @Test
  void theListHasTheirPaths() {
    server.get("/data").isJson(200, "[]");
    data.files.put(FILE, new byte[0]);
    server.get("/data").isJson(200, "['/upload/a-now.dat']");
  }

  @Test
  void aFileIsRemovedByItsWholePath() {
    data.files.put(FILE, new byte[0]);
    server.send("DELETE /data/%2Fupload%2Fa-now.dat", "").isJson(200, "{'status': 'SUCCESS'}");
    assertThat(data.files).isEmpty();
  }

  @Test
  void aFileThatIsNotThereCannotBeRemoved() {
    server
        .send("DELETE /data/%2Fetc%2Fpasswd", "")
        .isJson(
            400, "{'status': 'ERROR', 'result': \"Unable to delete data file '/etc/passwd'.\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&sync=true", "&sync=YES"})
  void aResetRemovesAllFiles(String sync) {
    data.files.put(FILE, new byte[0]);
    server
        .send("PUT /data?reset=reboot" + sync, "")
        .isJson(200, "{'status': 'SUCCESS', 'result': 'Data reset'}");
    assertThat(data.files).isEmpty();
  }

  @Test
  void aResetMayBeRequestedOnly() {
    data.files.put(FILE, new byte[0]);
    server
        .send("PUT /data?reset=reboot&sync=false", "")
        .isJson(200, "{'status': 'SUCCESS', 'result': 'Data reset requested'}");
    assertThat(data.files).isEmpty();
  }

  @Test
  void anotherWordIsNoReset() {
    data.files.put(FILE, new byte[0]);
    server.send("PUT /data?reset=now", "").isJson(500, "{'status': 'ERROR', 'result': 'ERROR'}");
    server.send("PUT /data", "").isText(404, "The requested resource could not be found.");
    assertThat(server.send("PUT /data?reset=reboot&sync=maybe", "").status()).isEqualTo(400);
    assertThat(data.files).isNotEmpty();
  }

  @Test
  void anUploadForWhichThereIsNoRoomIsReadAndRefused() {
    data.failure = Optional.of(new JobserverException(ErrorCode.NO_ROOM, "The disk is full"));
    server
        .send("POST /data/a", "x".repeat(1 << 20))
        .isJson(507, "{'status': 'ERROR', 'result': 'The disk is full'}");
  }

  @Test
  void anUploadThatIsTooLargeIsRefusedByWhatItSaysOfItself() throws IOException {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(Server.head("POST /data/a", "", (200L << 20) + 1));
      Server.reply(socket)
          .isText(413, "The request body is larger than the 209715200 bytes allowed");
    }
    assertThat(data.files).isEmpty();
  }

  @Test
  void anErrorThatNobodyExpectedTellsNoMore() {
    data.failure = Optional.of(new IllegalStateException("secret"));
    for (String request : new String[] {"GET /data", "POST /data/a", "DELETE /data/a"}) {
      Reply reply = server.send(request, "");
      assertThat(reply.status()).isEqualTo(500);
      assertThat(reply.header("Incident-Id")).isNotEmpty();
      assertThat(reply.body()).doesNotContain("secret");
    }
  }
}
