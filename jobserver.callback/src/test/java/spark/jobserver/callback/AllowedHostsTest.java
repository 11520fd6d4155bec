package spark.jobserver.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class AllowedHostsTest {
  @ParameterizedTest
  @CsvSource({
    "example.com, http://example.com/",
    "example.com, https://EXAMPLE.com:8443/",
    "EXAMPLE.com., http://example.com/",
    "example.com:8443, https://example.com:8443/",
    "example.com:80, http://example.com/",
    "bücher.example, http://xn--bcher-kva.example/",
    "xn--bcher-kva.example, http://BÜCHER.example/",
    "localhost, http://localhost:9000/",
    "127.0.0.1, http://127.0.0.1:9000/",
    "127.0.0.1:9000, http://127.0.0.1:9000/",
    "127.0.0.0/8, http://127.1.2.3/",
    "93.184.216.34, http://93.184.216.34/",
    "0.0.0.0/0, http://10.0.0.1/",
    "::1, http://[::1]/",
    "[::1], http://[0::1]/",
    "[::1]:9000, http://[::1]:9000/",
    "fd00::/8, http://[fd12::1]/",
    "10.0.0.0/8, http://[::ffff:10.1.2.3]/",
    "::ffff:10.0.0.1, http://10.0.0.1/",
  })
  void aHostThatIsListedMayBeCalled(String entry, String url) {
    assertThatCode(() -> check(url, entry, "other.example")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "example.com, http://sub.example.com/, sub.example.com:80",
    "example.com, http://example.com.other/, example.com.other:80",
    "example.com, http://example.co/, example.co:80",
    "example.com:8443, https://example.com/, example.com:443",
    "localhost, http://127.0.0.1/, 127.0.0.1:80",
    "127.0.0.1, http://localhost/, localhost:80",
    "127.0.0.1:9000, http://127.0.0.1:9001/, 127.0.0.1:9001",
    "127.0.0.0/8, http://128.0.0.1/, 128.0.0.1:80",
    "10.0.0.0/9, http://10.128.0.0/, 10.128.0.0:80",
    "example.com, http://93.184.216.34/, 93.184.216.34:80",
    "0.0.0.0/0, http://[::1]/, [0:0:0:0:0:0:0:1]:80",
    "::/0, http://10.0.0.1/, 10.0.0.1:80",
  })
  void aHostThatIsNotListedIsNamedWithTheSettingThatWouldAllowIt(
      String entry, String url, String named) {
    assertThatThrownBy(() -> check(url, entry))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CALLBACK))
        .hasMessage(
            "'"
                + named
                + "' may not be called back: it is not in this server's"
                + " spark.jobserver.callback.hosts");
  }

  @Test
  void withoutHostsCallbacksAreOff() {
    assertThatThrownBy(() -> check("http://example.com/"))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CALLBACK))
        .hasMessage("Callbacks are off: this server's spark.jobserver.callback.hosts lists nobody");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "*",
        "*.example.com",
        "http://example.com",
        "example.com/path",
        "me@example.com",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:port",
        "10.1",
        "10.1.2.256",
        "2130706433",
        "10.1.2.3/8",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8:80",
        "10.0.0.0/",
        "example.com/8",
        "fd00::1/8",
        "fd00::/129",
        "fe80::1%lo",
        "[::1",
      })
  void anEntryThatIsWrongIsToldWithItsKey(String entry) {
    assertThatThrownBy(() -> AllowedHosts.of(List.of("example.com", entry)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.callback.hosts has \"" + entry + "\", which is");
  }

  @ParameterizedTest
  @CsvSource({
    "example.com, 93.184.216.34, true",
    "example.com, 127.0.0.1, false",
    "example.com, 169.254.169.254, false",
    "example.com, ::1, false",
    "169.254.0.0/16, 169.254.169.254, true",
    "127.0.0.1, 127.0.0.1, true",
    "127.0.0.1, 127.0.0.2, false",
    "127.0.0.1, ::1, false",
    "127.0.0.1:9000, 127.0.0.1, true",
    "127.0.0.1:9001, 127.0.0.1, false",
    "10.1.2.0/23, 10.1.3.255, true",
    "10.1.2.0/23, 10.1.4.0, false",
    "fd00:1::/32, fd00:1:ffff::1, true",
    "fd00:1::/32, fd00:2::1, false",
  })
  void aConnectionGoesToAPublicAddressOrToOneThatIsListedItself(
      String entry, String address, boolean allowed) throws UnknownHostException {
    assertThat(AllowedHosts.of(List.of(entry)).allow(InetAddress.getByName(address), 9000))
        .isEqualTo(allowed);
  }

  private static void check(String url, String... entries) {
    AllowedHosts.of(List.of(entries)).check(CallbackUrl.of(url));
  }
}
