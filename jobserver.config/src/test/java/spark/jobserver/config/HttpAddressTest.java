package spark.jobserver.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HttpAddressTest {
  @Test
  void refusesAPortThatIsTaken() throws Exception {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
      assertThat(new HttpAddress("127.0.0.1", port).problem())
          .get()
          .asString()
          .contains("127.0.0.1 port " + port, "--port");
    }
    assertThat(new HttpAddress("127.0.0.1", port).problem()).isEmpty();
  }

  @Test
  void refusesAddressesThatThisMachineDoesNotHave() {
    assertThat(new HttpAddress("192.0.2.1", 0).problem()).get().asString().contains("192.0.2.1");
    assertThat(new HttpAddress("no.such.host.invalid", 0).problem())
        .get()
        .asString()
        .contains("no.such.host.invalid");
    assertThat(new HttpAddress("localhost", 0).problem()).isEmpty();
    assertThat(new HttpAddress("0.0.0.0", 0).problem()).isEmpty();
  }

  @Test
  void refusesPortsThatAreNone() {
    assertThat(wrongPort(65536)).get().asString().startsWith("jobserver.conf: 1");
    assertThat(wrongPort(-1)).isPresent();
    assertThat(wrongPort(0)).isEmpty();
  }

  private static Optional<String> wrongPort(int port) {
    return HttpAddress.wrongPort(Samples.file("spark.jobserver.port = " + port));
  }
}
