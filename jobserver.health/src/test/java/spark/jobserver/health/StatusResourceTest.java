package spark.jobserver.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;

class StatusResourceTest {
  private static Measured spare(String name, String state, long count) {
    return () -> List.of(Measurement.gauge(name, "x", Map.of("state", state), count));
  }

  @Test
  void aPartThatFailsOrTellsNonsenseHidesNoSpare() {
    Measured failing =
        () -> {
          throw new AssertionError("no");
        };

    assertThat(
            StatusResource.spares(
                List.of(
                    failing,
                    () -> null,
                    () -> Arrays.asList((Measurement) null),
                    spare(null, "ready", 7),
                    spare("jobserver_spare_drivers", "ready", 1),
                    spare("jobserver_spare_drivers", "starting", 0))))
        .isEqualTo("1 ready");
    assertThat(StatusResource.spares(List.of(failing))).isEqualTo("none");
  }
}
