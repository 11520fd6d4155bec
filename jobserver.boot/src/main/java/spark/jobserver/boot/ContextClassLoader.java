package spark.jobserver.boot;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/**
 * What Spark loads classes by in the threads of a context: first Spark itself, then the job jars,
 * then the factory's bundle with all that its wiring sees.
 *
 * <p>There is one for each SparkContext, which keeps whatever loader its thread had when it was
 * made. The loader of the bundle alone would hide Spark's own classes from Spark, and Spark's alone
 * would not see the closures of the bundle. It holds on to the wiring that the factory had when the
 * context was made, so that an update of the bundle cannot mix two revisions.
 */
public final class ContextClassLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  private final ClassLoader bundle;

  /**
   * @param spark what loaded Spark
   * @param jobJars where to look next; jars can be added later
   * @param bundle the wiring of the factory's bundle
   */
  public ContextClassLoader(ClassLoader spark, List<URL> jobJars, ClassLoader bundle) {
    super("context", jobJars.toArray(URL[]::new), spark);
    this.bundle = bundle;
  }

  /** Adds a job jar. Public because Spark looks for this method. */
  @Override
  public void addURL(URL jar) {
    super.addURL(jar);
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    try {
      return super.findClass(name);
    } catch (ClassNotFoundException e) {
      return bundle.loadClass(name);
    }
  }

  @Override
  public URL findResource(String name) {
    URL found = super.findResource(name);
    return found == null ? bundle.getResource(name) : found;
  }

  @Override
  public Enumeration<URL> findResources(String name) throws IOException {
    List<URL> found = new ArrayList<>(Collections.list(super.findResources(name)));
    found.addAll(Collections.list(bundle.getResources(name)));
    return Collections.enumeration(found);
  }
}
