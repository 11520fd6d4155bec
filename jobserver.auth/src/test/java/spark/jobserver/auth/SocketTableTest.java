package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The tables are those of a little-endian machine, as the one that tests run on is. */
@EnabledOnOs(OS.LINUX)
class SocketTableTest {
  private static final String HEAD =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
          + " inode\n";
  @TempDir Path proc;
  private Path net;

  @BeforeEach
  void makeTables() throws IOException {
    net = Files.createDirectories(proc.resolve("self/net"));
  }

  private SocketTable table() {
    return new SocketTable(proc);
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(address, port);
  }

  @Test
  void findsTheEndOfTheClientAndNotThatOfTheServer() throws IOException {
    Files.writeString(
        net.resolve("tcp"),
        HEAD
            + "   0: 0100007F:1F9A 0100007F:C350 01 00000000:00000000 00:00000000 00000000     7        0 111 1 0 20 4 30 10 -1\n"
            + "   1: 0100007F:C350 0100007F:1F9A 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 20 4 30 10 -1\n");
    assertThat(table().find(at("127.0.0.1", 50000), at("127.0.0.1", 8090)))
        .contains(new SocketTable.Entry(1000, 222));
    assertThat(table().find(at("127.0.0.1", 50001), at("127.0.0.1", 8090))).isEmpty();
    assertThat(table().find(at("127.0.0.2", 50000), at("127.0.0.1", 8090))).isEmpty();
  }

  @Test
  void findsThoseWhoSpeakIpv6() throws IOException {
    Files.writeString(
        net.resolve("tcp6"),
        HEAD
            + "   0: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:1F9A 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0\n"
            + "   1: 00000000000000000000000001000000:C351 00000000000000000000000001000000:1F9A 08 00000000:00000000 00:00000000 00000000  1001        0 444 1 0\n");
    assertThat(table().find(at("127.0.0.1", 50000), at("127.0.0.1", 8090)))
        .contains(new SocketTable.Entry(1000, 333));
    assertThat(table().find(at("::1", 50001), at("::1", 8090)))
        .contains(new SocketTable.Entry(1001, 444));
  }

  @Test
  void whatNoProcessHasAnyMoreIsNotOpen() throws IOException {
    Files.writeString(
        net.resolve("tcp"),
        HEAD
            + "   0: 0100007F:C350 0100007F:1F9A 06 00000000:00000000 03:00000EA7 00000000     0        0 0 3 0\n");
    assertThat(table().find(at("127.0.0.1", 50000), at("127.0.0.1", 8090)))
        .get()
        .returns(false, SocketTable.Entry::isOpen);
  }

  @Test
  void withoutTablesNothingIsFound() throws IOException {
    assertThat(table().find(at("127.0.0.1", 50000), at("127.0.0.1", 8090))).isEmpty();
    Files.writeString(net.resolve("tcp"), " 0100007F:C350 0100007F:1F9A \n");
    assertThat(table().find(at("127.0.0.1", 50000), at("127.0.0.1", 8090))).isEmpty();
  }

  @Test
  void readsTheTablesOfThisKernel() throws IOException {
    SocketTable real = new SocketTable(Path.of("/proc"));
    long user = ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket accepted = server.accept()) {
      InetSocketAddress ours = (InetSocketAddress) client.getLocalSocketAddress();
      assertThat(real.find(ours, (InetSocketAddress) accepted.getLocalSocketAddress()))
          .get()
          .returns(user, SocketTable.Entry::user);
    }
  }
}
