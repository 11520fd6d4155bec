package spark.jobserver.python;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.spark.SparkConf;
import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.python.worker.PythonContext;
import spark.jobserver.python.worker.PythonContext.Recipe;

/**
 * Makes contexts whose jobs are written in Python. An extension says in {@link #makeContext} what
 * the JVM's side of its context is and publishes itself as a {@link ContextFactory} service with
 * the property {@link ContextFactory#NAME}; the processes that run the jobs are this class's
 * business. All methods are called once per driver, on the thread that makes or closes the context.
 * What makes no sense, null or the name of something that is not there, fails the context with a
 * message that names the method.
 *
 * <p>What a job gets as its context is PySpark's equivalent of what {@link #makeContext} returned:
 * of a SparkSession its SparkSession, of a JavaSparkContext or a SparkContext its SparkContext, of
 * an SQLContext its SQLContext. Of any other object it gets what its own method {@code
 * build_context(gateway, jvmContext, sparkConf)} returns, where {@code jvmContext} is that object.
 */
@ConsumerType
public abstract class PythonContextFactory implements ContextFactory {

  /**
   * Makes the JVM's side of the context, and with it the driver's SparkContext.
   *
   * @param conf Spark's configuration with everything from the settings in it
   * @param settings the merged settings of the context
   * @param name the context's name
   * @return the object that the jobs' {@code build_context} gets; never null
   * @throws Exception when it cannot be made; the caller of {@code POST /contexts} is told why
   */
  protected abstract Object makeContext(SparkConf conf, Config settings, String name)
      throws Exception;

  /**
   * The settings that the context is made with: those that were asked for, checked, changed or with
   * defaults under them. Called first; all other methods, the Python processes and {@code
   * runtime.contextConfig} of jobs see what it returns. Spark is told of its own keys before: what
   * shall be otherwise there is for {@link #configure}.
   *
   * @param settings what the caller posted over the server's {@code spark.context-settings}
   * @return never null
   * @throws RuntimeException when they are wrong; the caller of {@code POST /contexts} is told the
   *     message
   */
  protected Config settings(Config settings) {
    return settings;
  }

  /**
   * Sets what the context needs of Spark's configuration, before {@link #makeContext}.
   *
   * @param conf what was asked for, and what PySpark sets when it makes a SparkContext itself
   */
  protected void configure(SparkConf conf, Config settings) {}

  /**
   * Java classes ({@code a.b.C}) and packages ({@code a.b.*}) that jobs reach as {@code
   * gateway.jvm.C} without naming the package. The classes must be there; called after {@link
   * #makeContext}.
   */
  protected List<String> py4JImports() {
    return List.of();
  }

  /**
   * Folders within the factory's own bundle, for example {@code META-INF/python}, whose modules
   * jobs can import, on executors too.
   */
  protected List<String> pythonFiles() {
    return List.of();
  }

  /**
   * Jars within the factory's own bundle, for example {@code lib/shapes.jar}, that executors have
   * on their class path and the threads of the context on their class loader: Spark finds its data
   * sources and functions there, and jobs reach the classes by {@code gateway.jvm}. A jar whose
   * classes the factory itself uses is named in its {@code Bundle-ClassPath}, too, and is the same
   * for both. The bundle itself, and those that it is wired to, are shipped in any case.
   */
  protected List<String> jars() {
    return List.of();
  }

  /**
   * Ends what {@link #makeContext} made. The driver's SparkContext is stopped afterwards in any
   * case.
   */
  protected void close(Object context) throws Exception {
    if (context instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  @Override
  public final RunningContext make(ContextRequest request) throws Exception {
    return PythonContext.make(request, new FactoryRecipe());
  }

  /** This factory as the workers' package sees it. */
  private final class FactoryRecipe implements Recipe {
    @Override
    public String factory() {
      return PythonContextFactory.this.getClass().getName();
    }

    @Override
    public Config settings(Config settings) {
      return PythonContextFactory.this.settings(settings);
    }

    @Override
    public void configure(SparkConf conf, Config settings) {
      PythonContextFactory.this.configure(conf, settings);
    }

    @Override
    public Object makeContext(SparkConf conf, Config settings, String name) throws Exception {
      return PythonContextFactory.this.makeContext(conf, settings, name);
    }

    @Override
    public List<String> py4JImports() {
      return PythonContextFactory.this.py4JImports();
    }

    @Override
    public List<String> pythonFiles() {
      return PythonContextFactory.this.pythonFiles();
    }

    @Override
    public List<String> jars() {
      return PythonContextFactory.this.jars();
    }

    @Override
    public void close(Object context) throws Exception {
      PythonContextFactory.this.close(context);
    }
  }
}
