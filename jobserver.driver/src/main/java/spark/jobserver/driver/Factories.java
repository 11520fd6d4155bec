package spark.jobserver.driver;

import java.nio.file.Path;
import java.util.List;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.link.Command.BundleFile;

/** Where the factory of the context comes from. */
interface Factories {
  /**
   * Installs bundles and finds the factory that they bring.
   *
   * @param name the factory's name
   * @param bundles the factory's own bundle first
   * @throws Exception when there is no such factory; the message is for who asked for the context
   */
  Factory install(String name, List<Jar> bundles) throws Exception;

  /** A bundle that has been fetched. */
  record Jar(BundleFile bundle, Path file) {}

  /**
   * A factory that was found.
   *
   * @param classes what its bundle sees
   */
  record Factory(ContextFactory service, ClassLoader classes) {}
}
