package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.StringReader;
import java.util.List;

/** Files for tests, given as text. */
final class Samples {
  private Samples() {}

  static Config file(String text) {
    return ConfigFactory.parseString(
        text, ConfigParseOptions.defaults().setOriginDescription("jobserver.conf"));
  }

  static ReferenceConf reference(long id, String text) {
    return ReferenceConf.parse("bundle" + id, id, new StringReader(text));
  }

  static Merge merge(String file, String reference) {
    return Merge.of(file(file), List.of(reference(1, reference)));
  }
}
