package jobserver.context.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import spark.jobserver.testkit.ContextFactoryContract;

/** The factory does what all must do, and what is its own. */
@EnabledIfEnvironmentVariable(named = "SPARK_HOME", matches = ".+")
class CustomContextFactoryIT extends ContextFactoryContract {
  @Override
  protected String factoryName() {
    return "jobserver.context.example.CustomContextFactory";
  }

  @Override
  protected Config settings() {
    return ConfigFactory.parseString("custom { greeting = good day, most-words = 2 }");
  }

  @Override
  protected Map<String, String> wrongSettings() {
    return Map.of(
        "custom.most-words = 0", "custom.most-words must be a number from 1 on, not 0",
        "custom.most-words = many", "custom.most-words a number",
        "custom.greeting = [a, b]", "custom.greeting must be a text");
  }

  @Override
  protected Path jobs() {
    return Path.of("src/test/python");
  }

  @Override
  protected String classPath() {
    return "word_jobs.CapitalsJob";
  }

  @Override
  protected String jobConfig() {
    return "{\"words\": [\"a\", \"b\"]}";
  }

  @Override
  protected String result() {
    return "[\"good day from contract\",[\"A\",\"B\"]]";
  }

  @Test
  void theJobsOfAContextSeeWordsTogether() throws Exception {
    String see = "word_jobs.SeeJob";
    assertThat(resultOf(see, "{\"words\": [\"x\", \"x\"]}")).isEqualTo("{\"x\":2}");
    assertThat(resultOf(see, "{\"words\": [\"x\", \"y\"]}")).isEqualTo("{\"x\":3,\"y\":1}");
    assertThat(run(see, "{\"words\": [\"z\"]}").toString()).contains("custom.most-words allows no");
  }
}
