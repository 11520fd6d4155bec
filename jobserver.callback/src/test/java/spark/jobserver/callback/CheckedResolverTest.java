package spark.jobserver.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class CheckedResolverTest {
  private static final AllowedHosts HOSTS = AllowedHosts.of(List.of("hooks.example", "10.0.0.1"));

  /** A name service that gives these answers, one after the other. */
  private static CheckedResolver resolver(InetAddress[]... answers) {
    Queue<InetAddress[]> left = new ArrayDeque<>(List.of(answers));
    return new CheckedResolver(HOSTS, host -> left.remove());
  }

  private static InetAddress[] addresses(String... texts) throws UnknownHostException {
    InetAddress[] addresses = new InetAddress[texts.length];
    for (int i = 0; i < texts.length; i++) {
      addresses[i] = InetAddress.getByName(texts[i]);
    }
    return addresses;
  }

  @Test
  void aNameThatIsPointedElsewhereIsRefusedThen() throws UnknownHostException {
    CheckedResolver resolver = resolver(addresses("93.184.216.34"), addresses("127.0.0.1"));

    assertThat(resolver.resolve("hooks.example", 80))
        .containsExactly(new InetSocketAddress("93.184.216.34", 80));
    assertThatThrownBy(() -> resolver.resolve("hooks.example", 80))
        .isInstanceOf(UnknownHostException.class)
        .hasMessage(
            "hooks.example is 127.0.0.1: not a public address, and in no entry of"
                + " spark.jobserver.callback.hosts itself");
  }

  @Test
  void ofSeveralAddressesTheAllowedOnesAreLeft() throws UnknownHostException {
    CheckedResolver resolver =
        resolver(addresses("169.254.169.254", "93.184.216.34", "::1", "10.0.0.1", "10.0.0.2"));

    assertThat(resolver.resolve("hooks.example", 80))
        .containsExactly(
            new InetSocketAddress("93.184.216.34", 80), new InetSocketAddress("10.0.0.1", 80));
  }
}
