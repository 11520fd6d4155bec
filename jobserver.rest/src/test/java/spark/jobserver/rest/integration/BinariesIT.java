package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class BinariesIT extends RunningServer {
  private static final String EGG = "Content-Type: application/python-egg\n";
  private static final String ARCHIVE = "PK\u0003\u0004 and more";
  private static final int MEBIBYTE = 1 << 20;

  @Test
  void noBinariesAreAnEmptyObject() {
    server.get("/binaries").isJson(200, "{}");
  }

  @Test
  void theListIsOneObjectWithAKeyForEachName() {
    binaries.with("an egg", BinaryType.EGG).with("a/wheel", BinaryType.WHEEL);
    server
        .get("/binaries")
        .isJson(
            200,
            """
            {'an egg': {'binary-type': 'Egg', 'upload-time': '2013-05-29T00:00:00.000Z'},
             'a/wheel': {'binary-type': 'Wheel', 'upload-time': '2013-05-29T00:00:00.000Z'}}
            """);
  }

  @Test
  void aBinaryIsToldWithItsNameItsTypeAndItsTime() {
    binaries.with("an egg", BinaryType.EGG);
    server
        .get("/binaries/an%20egg")
        .isJson(
            200,
            """
            {'app-name': 'an egg', 'binary-type': 'Egg',
             'upload-time': '2013-05-29T00:00:00.000Z'}
            """);
  }

  @Test
  void aBinaryThatIsNotThereIsNotFound() {
    server
        .get("/binaries/none")
        .isJson(404, "{'status': 'ERROR', 'result': \"Can't find binary with name none\"}");
  }

  @ParameterizedTest
  @CsvSource({
    "application/python-egg, EGG",
    "application/python-archive, EGG",
    "application/python-wheel, WHEEL",
    "Application/Python-Wheel; v=1, WHEEL"
  })
  void anUploadHasTheTypeThatItsContentTypeSays(String contentType, BinaryType type) {
    server
        .send("POST /binaries/app", "Content-Type: " + contentType + "\n", ARCHIVE)
        .isJson(201, "{'status': 'SUCCESS'}");
    assertThat(binaries.known.get("app")).extracting(Binary::type).isEqualTo(type);
  }

  @Test
  void bytesThatAreNoArchiveAreRefused() {
    server
        .send("POST /binaries/app", EGG, "no archive")
        .isJson(400, "{'status': 'ERROR', 'result': 'Binary is not of the right format'}");
  }

  @Test
  void aWrongContentTypeIsToldBeforeTheBytesAreLookedAt() {
    server
        .send("POST /binaries/app", "Content-Type: text/plain\n", "no archive")
        .isJson(415, "{'status': 'ERROR', 'result': 'Unsupported binary type text/plain'}");
  }

  @Test
  void aMissingContentTypeCountsAsBytesOfAnyKind() {
    server
        .send("POST /binaries/app", ARCHIVE)
        .isJson(
            415,
            """
            {'status': 'ERROR', 'result': 'Unsupported binary type application/octet-stream'}
            """);
  }

  @Test
  void aClientThatAsksForLeaveIsRefusedBeforeItSends() throws IOException {
    try (Socket socket = server.connect()) {
      socket
          .getOutputStream()
          .write(Server.head("POST /binaries/app", "Expect: 100-continue\n", 5L * MEBIBYTE));
      assertThat(Server.reply(socket).status()).isEqualTo(415);
    }
  }

  @Test
  void anUploadThatSaysThatItIsTooLargeIsRefusedUnread() throws IOException {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(Server.head("POST /binaries/app", EGG, 201L * MEBIBYTE));
      Server.reply(socket)
          .isText(413, "The request body is larger than the 209715200 bytes allowed");
    }
  }

  @Test
  void anUploadLargerThanTheMemoryPassesThroughInPieces() throws IOException {
    AtomicInteger largest = new AtomicInteger();
    binaries.onRead = size -> largest.accumulateAndGet(size, Math::max);
    byte[] piece = new byte[MEBIBYTE];
    piece[0] = 'P';
    try (Socket socket = server.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(Server.head("POST /binaries/large", EGG, 150L * MEBIBYTE));
      for (int i = 0; i < 150; i++) {
        out.write(piece);
      }
      Server.reply(socket).isJson(201, "{'status': 'SUCCESS'}");
    }
    assertThat(binaries.known.get("large")).extracting(Binary::size).isEqualTo(150L * MEBIBYTE);
    assertThat(largest).hasValueLessThanOrEqualTo(64 * 1024);
  }

  @Test
  void anUploadIsHandedOnAsItComesIn() throws IOException {
    CompletableFuture<Integer> first = new CompletableFuture<>();
    binaries.onRead = first::complete;
    try (Socket socket = server.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(Server.head("POST /binaries/app", EGG, ARCHIVE.length()));
      out.write(ARCHIVE.substring(0, 4).getBytes(StandardCharsets.UTF_8));
      assertThat(first.join()).isEqualTo(4);
      out.write(ARCHIVE.substring(4).getBytes(StandardCharsets.UTF_8));
      Server.reply(socket).isJson(201, "{'status': 'SUCCESS'}");
    }
  }

  @Test
  void anUploadThatBreaksOffIsNotStored() throws IOException {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(Server.head("POST /binaries/app", EGG, ARCHIVE.length()));
      socket.getOutputStream().write('P');
    }
    assertThat(binaries.brokenOff.join()).hasMessageNotContaining("Storage");
    server.get("/binaries").isJson(200, "{}");
  }

  @Test
  void anUploadThatCannotBeStoredSaysUnderWhichIncidentTheLogHasWhy() {
    binaries.failure =
        Optional.of(
            new JobserverException(
                ErrorCode.STORAGE, "The disk is full", new IOException("/secret/path")));
    Reply reply = server.send("POST /binaries/app", EGG, ARCHIVE);
    reply.isJson(
        500,
        """
        {'status': 'Storage Failure', 'result': {
         'message': "The disk is full (incident %s: the server's log has the rest)",
         'errorClass': 'java.io.IOException', 'stack': ''}}
        """
            .formatted(reply.header("Incident-Id")));
  }

  @Test
  void anErrorThatNobodyExpectedIsAStorageFailureToo() {
    binaries.failure = Optional.of(new IllegalStateException("/secret/path"));
    Reply reply = server.send("POST /binaries/app", EGG, ARCHIVE);
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.json().get("status").textValue()).isEqualTo("Storage Failure");
    assertThat(reply.body())
        .contains("java.lang.IllegalStateException", reply.header("Incident-Id"))
        .doesNotContain("secret");
  }

  @Test
  void aBinaryIsDeleted() {
    binaries.with("app", BinaryType.EGG);
    server.send("DELETE /binaries/app", "").isJson(200, "{'status': 'SUCCESS'}");
    assertThat(binaries.known).isEmpty();
  }

  @Test
  void aBinaryThatIsNotThereCannotBeDeleted() {
    server
        .send("DELETE /binaries/none", "")
        .isJson(404, "{'status': 'ERROR', 'result': \"can't find binary with name none\"}");
  }

  @Test
  void aBinaryInUseCannotBeDeleted() {
    String why = "Binary is in use by job(s): j-1, j-2";
    binaries.failure = Optional.of(new JobserverException(ErrorCode.BINARY_IN_USE, why));
    server
        .send("DELETE /binaries/app", "")
        .isJson(403, "{'status': 'ERROR', 'result': '" + why + "'}");
  }

  @Test
  void aDeletionThatFailsHasItsOwnWords() {
    binaries.failure = Optional.of(new IllegalStateException("secret"));
    Reply reply = server.send("DELETE /binaries/app", "");
    reply.isJson(
        500,
        """
        {'status': 'ERROR',
         'result': 'Failed to delete binary due to internal error. Check logs.'}
        """);
    assertThat(reply.header("Incident-Id")).isNotEmpty();
  }
}
