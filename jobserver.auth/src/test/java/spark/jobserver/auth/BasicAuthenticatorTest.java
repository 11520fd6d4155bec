package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;

@Timeout(60)
class BasicAuthenticatorTest {
  private static final Authentication WRONG =
      new Authentication.Wrong("The user or the password is wrong.");
  private static final Identity ADA = new Identity("ada", "basic", Set.of("jobs:read"), true);

  private final Hand clock = new Hand();
  private final Ledger ledger = new Ledger();
  private final BasicAuthenticator authenticator =
      new BasicAuthenticator(List.of(ledger), 1, clock);

  /** Knows ada, whose password is äpfel. */
  private static class Ledger implements Accounts {
    final AtomicInteger asked = new AtomicInteger();
    volatile String edition = "first";

    @Override
    public boolean isGuess(String name) {
      return !name.startsWith("*");
    }

    @Override
    public Verdict verify(String name, String password) {
      asked.incrementAndGet();
      if (!name.equals("ada")) {
        return new Verdict.Unknown();
      }
      return password.equals("äpfel") ? new Verdict.Right(ADA) : new Verdict.Wrong();
    }

    @Override
    public Duration validFor() {
      return Duration.ofMinutes(1);
    }

    @Override
    public Object edition() {
      return edition;
    }
  }

  private static String basic(String text, Charset charset) {
    return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(charset));
  }

  private Authentication with(String text) {
    return authenticator.authenticate(Requests.authorized(basic(text, UTF_8)));
  }

  @Test
  void knowsANameWithItsPassword() {
    assertThat(with("ada:äpfel")).isEqualTo(new Authentication.Known(ADA));
    assertThat(
            authenticator.authenticate(
                Requests.authorized(basic("ada:äpfel", UTF_8).replace("Basic", "bASIC "))))
        .isEqualTo(new Authentication.Known(ADA));
  }

  @Test
  void leavesOtherWaysToOthers() {
    assertThat(authenticator.authenticate(Requests.authorized()))
        .isEqualTo(new Authentication.Absent());
    assertThat(authenticator.authenticate(Requests.authorized("Bearer x")))
        .isEqualTo(new Authentication.Absent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ada:wrong", "eve:äpfel", "Ada:äpfel", "ada", "ada:", ":äpfel", ""})
  void saysTheSameOfWhateverIsWrong(String text) {
    assertThat(with(text)).isEqualTo(WRONG);
  }

  @Test
  void refusesWhatIsNoCredential() {
    String right = basic("ada:äpfel", UTF_8);
    for (List<String> given :
        List.of(
            List.of("Basic"),
            List.of("Basic !"),
            List.of(basic("ada:äpfel", ISO_8859_1)),
            List.of(basic("ada:äp\nfel", UTF_8)),
            List.of(basic("ada:" + "a".repeat(3000), UTF_8)),
            List.of(right, right),
            List.of(right, "Bearer x"))) {
      assertThat(authenticator.authenticate(Requests.authorized(given.toArray(String[]::new))))
          .as("%s", given)
          .isEqualTo(WRONG);
    }
    assertThat(ledger.asked).hasValue(0);
  }

  @Test
  void findsOutOnceInThatTimeAndAgainWhenTheAccountsHaveChanged() {
    for (int i = 0; i < 10; i++) {
      with("ada:äpfel");
    }
    assertThat(ledger.asked).hasValue(1);
    clock.move(Duration.ofSeconds(61));
    with("ada:äpfel");
    assertThat(ledger.asked).hasValue(2);
    ledger.edition = "second";
    with("ada:äpfel");
    assertThat(ledger.asked).hasValue(3);
    with("ada:äpfel");
    assertThat(ledger.asked).hasValue(3);
    with("ada:wrong");
    with("ada:wrong");
    assertThat(ledger.asked).hasValue(5);
  }

  @Test
  void guessesMustWaitEvenForWhatIsRememberedAndAreNotLookedAt() {
    with("ada:äpfel");
    for (int i = 0; i < 5; i++) {
      assertThat(with("ada:guess" + i)).isEqualTo(WRONG);
    }
    Authentication wait = new Authentication.TooMany(Duration.ofSeconds(1));
    assertThat(with("ada:guess")).isEqualTo(wait);
    assertThat(with("ada:äpfel")).isEqualTo(wait);
    assertThat(ledger.asked).hasValue(6);
    InetSocketAddress elsewhere = new InetSocketAddress("192.0.2.2", 1);
    Map<String, List<String>> header = Map.of("Authorization", List.of(basic("ada:äpfel", UTF_8)));
    assertThat(authenticator.authenticate(Requests.over("2", elsewhere, elsewhere, header)))
        .isEqualTo(new Authentication.Known(ADA));
    clock.move(Duration.ofSeconds(1));
    assertThat(with("ada:äpfel")).isEqualTo(new Authentication.Known(ADA));
  }

  @Test
  void namesThatNobodyHasAreBoundedToo() {
    for (int i = 0; i < 5; i++) {
      assertThat(with("eve:guess" + i)).isEqualTo(WRONG);
    }
    assertThat(with("eve:guess")).isInstanceOf(Authentication.TooMany.class);
  }

  @Test
  void theFirstThatKnowsANameDecides() {
    Ledger first = new Ledger();
    BasicAuthenticator both = new BasicAuthenticator(List.of(first, ledger), 1, clock);
    assertThat(both.authenticate(Requests.authorized(basic("ada:wrong", UTF_8)))).isEqualTo(WRONG);
    assertThat(ledger.asked).hasValue(0);
    assertThat(both.authenticate(Requests.authorized(basic("eve:wrong", UTF_8)))).isEqualTo(WRONG);
    assertThat(ledger.asked).hasValue(1);
  }

  /** Answers when it is let. */
  private static final class Slow extends Ledger {
    final CountDownLatch let = new CountDownLatch(1);

    @Override
    public Verdict verify(String name, String password) {
      Verdict verdict = super.verify(name, password);
      try {
        let.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return verdict;
    }
  }

  @Test
  void manyAtOnceAreOneLookAndMoreThanMayWaitAreSentAway() throws Exception {
    Slow slow = new Slow();
    BasicAuthenticator busy = new BasicAuthenticator(List.of(slow), 1, clock);
    String right = basic("ada:äpfel", UTF_8);
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      List<Future<Authentication>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        answers.add(callers.submit(() -> busy.authenticate(Requests.authorized(right))));
      }
      while (answers.stream().filter(Future::isDone).count() < 20) {
        Thread.onSpinWait();
      }
      slow.let.countDown();
      int known = 0;
      for (Future<Authentication> answer : answers) {
        if (answer.get() instanceof Authentication.Known) {
          known++;
        } else {
          assertThat(answer.get()).isInstanceOf(Authentication.Unavailable.class);
        }
      }
      assertThat(known).isBetween(2, 20);
      assertThat(slow.asked).hasValue(1);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void whatCannotBeFoundOutIsNoGuess() {
    BasicAuthenticator cut =
        new BasicAuthenticator(
            List.of(
                new Ledger() {
                  @Override
                  public Verdict verify(String name, String password) {
                    return new Verdict.Unavailable("The directory does not answer.");
                  }
                }),
            1,
            clock);
    for (int i = 0; i < 10; i++) {
      assertThat(cut.authenticate(Requests.authorized(basic("ada:äpfel", UTF_8))))
          .isEqualTo(new Authentication.Unavailable("The directory does not answer."));
    }
  }

  @Test
  void aNameThatCostsNothingIsNoGuess() {
    for (int i = 0; i < 10; i++) {
      assertThat(with("*:wrong")).isEqualTo(WRONG);
      with("eve:wrong");
    }
    assertThat(with("eve:wrong")).isInstanceOf(Authentication.TooMany.class);
  }
}
