package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
  @Test
  void isOfOnePasswordAndSaltedAnewEachTime() {
    PasswordHash hash = PasswordHash.of("hunter2 ähh", 1000);
    assertThat(hash.isOf("hunter2 ähh")).isTrue();
    assertThat(hash.isOf("hunter2 ahh")).isFalse();
    assertThat(hash.isOf("")).isFalse();
    assertThat(PasswordHash.of("hunter2 ähh", 1000).hash()).isNotEqualTo(hash.hash());
    assertThat(PasswordHash.parse(hash.text())).isEqualTo(hash);
  }

  @Test
  void readsAPasswordToItsEnd() {
    String start = "a".repeat(100);
    assertThat(PasswordHash.of(start + "b", 1000).isOf(start + "c")).isFalse();
  }

  @Test
  void isTheFunctionThatOthersKnowByThisName() {
    // Python: hashlib.pbkdf2_hmac("sha512", b"password", bytes(16), 1000).hex()
    assertThat(
            PasswordHash.parse(
                    "pbkdf2-sha512:1000:00000000000000000000000000000000:10448ebb80d2c914c15a97fcd858af9995e24d87e450b40ba198e1ea718e0866ab1e6d434e28636da2597ea6437a2e7c044688572137b98360e18a71c17cdd5e")
                .isOf("password"))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "pbkdf2-sha512:999:00000000000000000000000000000000:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "pbkdf2-sha512:99999999:00000000000000000000000000000000:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "pbkdf2-sha512:1000:0000:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "pbkdf2-sha512:1000:00000000000000000000000000000000:00"
      })
  void isWrittenInOneWay(String text) {
    assertThatThrownBy(() -> PasswordHash.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a password is kept as pbkdf2-sha512:ITERATIONS:SALT:HASH");
  }
}
