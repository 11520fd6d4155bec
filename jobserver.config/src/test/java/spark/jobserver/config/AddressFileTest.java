package spark.jobserver.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AddressFileTest {
  @Test
  void theOneAddressIsTold() {
    assertThat(AddressFile.own("http://127.0.0.1:8090/")).isEqualTo("http://127.0.0.1:8090/");
    assertThat(AddressFile.own(new String[] {"http://[::1]:8090/"}))
        .isEqualTo("http://[::1]:8090/");
  }

  @Test
  void ofAllAddressesThatOfTheLoopbackIs() {
    assertThat(
            AddressFile.own(
                new String[] {"http://[fd00:0:0:0:0:0:0:2%eth0]:8090/", "http://10.0.0.2:8090/"}))
        .isEqualTo("http://127.0.0.1:8090/");
  }
}
