package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class GuessesTest {
  private final Hand clock = new Hand();
  private final Guesses guesses = new Guesses(clock);
  private final InetAddress here = address("192.0.2.1");

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      guesses.failed("ada", here);
    }
  }

  @Test
  void afterFiveEachMustWaitTwiceAsLongUpToAMinute() {
    fail(4);
    assertThat(guesses.wait("ada", here)).isZero();
    fail(1);
    assertThat(guesses.wait("ada", here)).isEqualTo(Duration.ofSeconds(1));
    clock.move(Duration.ofMillis(400));
    assertThat(guesses.wait("ada", here)).isEqualTo(Duration.ofMillis(600));
    clock.move(Duration.ofMillis(600));
    assertThat(guesses.wait("ada", here)).isZero();
    fail(1);
    assertThat(guesses.wait("ada", here)).isEqualTo(Duration.ofSeconds(2));
    fail(100);
    assertThat(guesses.wait("ada", here)).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void othersAndTheSameFromElsewhereNeedNotWait() {
    fail(10);
    assertThat(guesses.wait("bob", here)).isZero();
    assertThat(guesses.wait("ADA", here)).isPositive();
    assertThat(guesses.wait("ada", address("192.0.2.2"))).isZero();
  }

  @Test
  void anEndOfANetworkOfVersion6IsOneWhateverAddressItTakes() {
    for (int i = 0; i < 10; i++) {
      guesses.failed("ada", address("2001:db8:0:1::" + i));
    }
    assertThat(guesses.wait("ada", address("2001:db8:0:1:ffff::1"))).isPositive();
    assertThat(guesses.wait("ada", address("2001:db8:0:2::1"))).isZero();
  }

  @Test
  void aRightOneAndAQuarterOfAnHourEndTheCount() {
    fail(10);
    guesses.succeeded("ada", here);
    fail(4);
    assertThat(guesses.wait("ada", here)).isZero();
    fail(10);
    clock.move(Duration.ofMinutes(16));
    fail(4);
    assertThat(guesses.wait("ada", here)).isZero();
  }

  @Test
  void remembersABoundedNumberThoseOfTheLatest() {
    fail(10);
    failOthers(9_999, 5);
    assertThat(guesses.wait("ada", here)).isPositive();
    failOthers(10_000, 5);
    assertThat(guesses.wait("ada", here)).isZero();
  }

  @Test
  void guessesAtManyNamesHaveNobodyForgottenWhoMustWait() {
    fail(10);
    failOthers(100_000, 1);
    assertThat(guesses.wait("ada", here)).isPositive();
  }

  private void failOthers(int names, int times) {
    for (int i = 0; i < names * times; i++) {
      guesses.failed("somebody" + i / times, here);
    }
  }
}
