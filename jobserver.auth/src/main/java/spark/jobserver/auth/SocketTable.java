package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** The kernel's table of TCP connections: who has an end of one on this machine. */
final class SocketTable {
  private static final int USER = 7;
  private static final int INODE = 9;

  /** An IPv4 address as programs have it that speak IPv6: ::ffff:0:0/96. */
  private static final String MAPPED = "0000000000000000" + word(new byte[] {0, 0, -1, -1});

  private final Path net;

  /**
   * The table of this process's network.
   *
   * @param proc where the kernel tells of processes
   */
  SocketTable(Path proc) {
    this.net = proc.resolve("self").resolve("net");
  }

  /**
   * One end of a connection.
   *
   * @param user the id of the user who made it, as long as it is open
   * @param inode what names it among the open files of processes; 0 when none has it any more
   */
  record Entry(long user, long inode) {
    boolean isOpen() {
      return inode != 0;
    }
  }

  /**
   * Looks for an end of a connection. The kernel looks through all it has room for, which is more
   * the more memory the machine has, and then writes a line for each that there is: from half a
   * millisecond up.
   *
   * @param local the address of that end
   * @param remote that of the other end
   */
  Optional<Entry> find(InetSocketAddress local, InetSocketAddress remote) {
    boolean four = local.getAddress() instanceof Inet4Address;
    Optional<Entry> found =
        four
            ? find("tcp", hex(local.getAddress()), local, hex(remote.getAddress()), remote)
            : Optional.empty();
    String before = four ? MAPPED : "";
    return found.or(
        () ->
            find(
                "tcp6",
                before + hex(local.getAddress()),
                local,
                before + hex(remote.getAddress()),
                remote));
  }

  private Optional<Entry> find(
      String table,
      String localAddress,
      InetSocketAddress local,
      String remoteAddress,
      InetSocketAddress remote) {
    String ends =
        " %s:%04X %s:%04X "
            .formatted(localAddress, local.getPort(), remoteAddress, remote.getPort());
    try (BufferedReader lines = Files.newBufferedReader(net.resolve(table), US_ASCII)) {
      // Reading is what costs, and ends with the line.
      return lines
          .lines()
          .filter(line -> line.contains(ends))
          .findFirst()
          .flatMap(SocketTable::entry);
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Entry> entry(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    try {
      return Optional.of(new Entry(Long.parseLong(fields[USER]), Long.parseLong(fields[INODE])));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private static String hex(InetAddress address) {
    byte[] bytes = address.getAddress();
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < bytes.length; i += Integer.BYTES) {
      hex.append(word(new byte[] {bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]}));
    }
    return hex.toString();
  }

  /** Four bytes as the kernel writes them: a number of this machine. */
  private static String word(byte[] four) {
    return "%08X"
        .formatted(ByteBuffer.wrap(four).order(ByteOrder.nativeOrder()).getInt())
        .toUpperCase(Locale.ROOT);
  }
}
