package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class TimesTest {
  private static final Instant TIME = Instant.parse("2013-05-29T00:00:00Z");

  @Test
  void binariesAndContextsHaveUtcWithThreeDigits() {
    assertThat(Times.utc(TIME)).isEqualTo("2013-05-29T00:00:00.000Z");
    assertThat(Times.utc(TIME.plusNanos(123_999_999))).isEqualTo("2013-05-29T00:00:00.123Z");
  }

  @Test
  void jobsHaveTheZoneOfTheServer() {
    assertThat(Times.zoned(TIME, ZoneId.of("Asia/Kolkata")))
        .isEqualTo("2013-05-29T05:30:00.000+05:30");
    assertThat(Times.zoned(TIME, ZoneOffset.UTC)).isEqualTo("2013-05-29T00:00:00.000Z");
  }

  @Test
  void durationsAreSecondsWithADecimalPoint() {
    assertThat(Times.seconds(Duration.ofMinutes(5))).isEqualTo("300.0 secs");
    assertThat(Times.seconds(Duration.ofMillis(1234))).isEqualTo("1.234 secs");
    assertThat(Times.seconds(Duration.ZERO)).isEqualTo("0.0 secs");
  }
}
