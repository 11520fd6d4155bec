package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.File;
import java.util.Map;
import org.osgi.framework.BundleContext;

/**
 * The operator's file, with what the command line says on top. It alone may include other files and
 * use the environment.
 */
final class ServerFile {
  private ServerFile() {}

  /**
   * Reads the file that the framework's property {@code jobserver.conf} names; no file says
   * nothing.
   *
   * @throws ConfigException naming file and line
   */
  static Config read(BundleContext context) {
    String path = context.getProperty("jobserver.conf");
    Config file =
        path == null
            ? ConfigFactory.empty()
            : ConfigFactory.parseFile(
                new File(path), ConfigParseOptions.defaults().setAllowMissing(false));
    String port = context.getProperty("jobserver.port");
    return port == null
        ? file
        : ConfigFactory.parseMap(Map.of(HttpAddress.PORT, port), "--port").withFallback(file);
  }
}
