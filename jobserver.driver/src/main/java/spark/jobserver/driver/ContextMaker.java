package spark.jobserver.driver;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.nio.file.Path;
import java.util.List;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.boot.ContextClassLoader;

/** Makes contexts through their factories. */
final class ContextMaker {
  private final ClassLoader spark;
  private final Factories factories;

  /**
   * @param spark what loaded Spark
   */
  ContextMaker(ClassLoader spark, Factories factories) {
    this.spark = spark;
    this.factories = factories;
  }

  /**
   * A context that was made.
   *
   * @param classes what its threads load classes by
   */
  record Made(RunningContext context, ClassLoader classes) {}

  /**
   * Makes a context, by the calling thread, whose context class loader is the context's from then
   * on.
   *
   * @param factory the factory's name
   * @param bundles what the factory needs, its own bundle first
   * @param settings of the context, as JSON
   * @param folder the context's folder
   * @throws Exception when there is no such factory, or what it throws
   */
  Made make(
      String factory,
      List<Factories.Jar> bundles,
      String id,
      String name,
      String settings,
      Path folder)
      throws Exception {
    Factories.Factory found = factories.install(factory, bundles);
    ClassLoader classes = new ContextClassLoader(spark, List.of(), found.classes());
    Thread.currentThread().setContextClassLoader(classes);
    ContextRequest request =
        new ContextRequest(
            id,
            name,
            ConfigFactory.parseString(
                settings, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON)),
            folder,
            bundles.stream().map(Factories.Jar::file).toList());
    RunningContext running = found.service().make(request);
    return new Made(running, Thread.currentThread().getContextClassLoader());
  }
}
