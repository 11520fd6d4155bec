package spark.jobserver.core.config;

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
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.File;
import java.net.URL;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * HOCON that a caller has posted. It sees nothing but itself: no include, no environment, no system
 * property, nothing of the server's configuration.
 */
public final class PostedConfig {
  private static final ConfigParseOptions PARSING =
      ConfigParseOptions.defaults()
          .setSyntax(ConfigSyntax.CONF)
          .setAllowMissing(false)
          .setIncluder(new Refusing());

  /** As JSON, in characters: what the link carries, with whatever escapes it needs. */
  private static final int LONGEST = 16 * 1024 * 1024;

  private PostedConfig() {}

  /**
   * Parses and resolves what was posted; nothing posted is an empty configuration.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} saying what is wrong with it
   */
  public static Config parse(String text) {
    try {
      return ConfigFactory.parseString(text, PARSING).resolve(ConfigResolveOptions.noSystem());
    } catch (ConfigException e) {
      throw unreadable(e.getMessage(), e);
    } catch (StackOverflowError e) {
      throw unreadable("it is nested too deeply", e);
    }
  }

  /**
   * A configuration as one JSON object.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} when it is too large or nested too deeply
   */
  public static String json(Config config) {
    try {
      String json = config.root().render(ConfigRenderOptions.concise());
      if (json.length() > LONGEST) {
        throw new JobserverException(
            ErrorCode.CONFIG,
            "Cannot parse config: resolved, it has %d characters; %d are the most"
                .formatted(json.length(), LONGEST));
      }
      return json;
    } catch (StackOverflowError e) {
      throw unreadable("it is nested too deeply", e);
    }
  }

  /** What a caller is told of a configuration that cannot be used. */
  public static JobserverException unreadable(String why, Throwable cause) {
    return new JobserverException(ErrorCode.CONFIG, "Cannot parse config: " + why, cause);
  }

  /**
   * Refuses every kind of include. For a kind that an includer does not implement, the library uses
   * its own, so all four are here.
   */
  private static final class Refusing
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw refused();
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      throw refused();
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      throw refused();
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      throw refused();
    }

    private static ConfigException refused() {
      return new ConfigException.Generic("a posted configuration may not include another");
    }
  }
}
