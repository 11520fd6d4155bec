package spark.jobserver.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.server.Measurement;

class PoolMeasurementsTest {
  @TempDir private Path folder;

  @Test
  void theConnectionsInUseAreTold() throws Exception {
    try (DerbyStore store = new DerbyStore(folder)) {
      List<Measurement> within =
          store.database().transaction("look", transaction -> store.database().measurements());

      assertThat(within)
          .extracting(one -> one.name() + one.labels() + one.value())
          .contains(
              "jobserver_dao_connections{state=in_use}1.0",
              "jobserver_dao_connections_max{}8.0",
              "jobserver_dao_waiting{}0.0");
    }
  }
}
