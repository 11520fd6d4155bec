package @package@;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import spark.jobserver.testkit.ContextFactoryContract;

/** The factory does what all must do. Further tests run jobs by resultOf(classPath, config). */
class @Class@ContextFactoryIT extends ContextFactoryContract {
  @Override
  protected String factoryName() {
    return "@package@.@Class@ContextFactory";
  }

  @Override
  protected Config settings() {
    return ConfigFactory.parseString("@name@.greeting = good morning");
  }

  @Override
  protected Map<String, String> wrongSettings() {
    return Map.of("@name@.greeting = \"\"", "@name@.greeting must not be blank");
  }

  @Override
  protected Path jobs() {
    return Path.of("jobs");
  }

  @Override
  protected String classPath() {
    return "@module@_jobs.GreetJob";
  }

  @Override
  protected String jobConfig() {
    return "{\"names\": [\"ada\"]}";
  }

  @Override
  protected String result() {
    return "[\"good morning Ada\"]";
  }
}
