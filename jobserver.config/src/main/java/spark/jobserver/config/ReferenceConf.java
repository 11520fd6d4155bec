package spark.jobserver.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.URL;
import java.util.Optional;
import org.osgi.framework.Bundle;

/**
 * The {@code reference.conf} of a bundle. It stands for itself: it includes nothing and uses no
 * environment, which are for the server's own file alone.
 *
 * @param bundle the bundle's symbolic name and version
 * @param id the bundle's number
 * @param config what the file says, not resolved
 */
record ReferenceConf(String bundle, long id, Config config) {
  static final String FILE = "reference.conf";

  /**
   * Reads the file of a bundle; empty when it has none.
   *
   * @throws ConfigException when it is broken
   * @throws IOException when it cannot be read
   */
  static Optional<ReferenceConf> of(Bundle bundle) throws IOException {
    URL file = bundle.getEntry(FILE);
    if (file == null) {
      return Optional.empty();
    }
    String name = bundle.getSymbolicName() + " " + bundle.getVersion();
    try (Reader reader = new InputStreamReader(file.openStream(), UTF_8)) {
      return Optional.of(parse(name, bundle.getBundleId(), reader));
    }
  }

  static ReferenceConf parse(String bundle, long id, Reader text) {
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setOriginDescription(bundle + "/" + FILE)
            .setIncluder(new NoIncludes());
    return new ReferenceConf(bundle, id, ConfigFactory.parseReader(text, options));
  }

  /** Refuses in all four ways, for the library falls back to its own in each that is missing. */
  private static final class NoIncludes
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw refused(what);
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      throw refused(what);
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      throw refused(what);
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      throw refused(what);
    }

    private static ConfigException refused(Object what) {
      return new ConfigException.Generic("a reference.conf must not include: " + what);
    }
  }
}
