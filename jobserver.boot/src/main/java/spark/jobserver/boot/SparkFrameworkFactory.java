package spark.jobserver.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/**
 * Makes a framework that offers bundles what a driver's does, every package of Spark's jars among
 * it, in a process that is none: for tests of bundles. This class must have been loaded by a class
 * loader that sees these jars, for that is what the packages are loaded from.
 */
public final class SparkFrameworkFactory implements FrameworkFactory {
  /** The property that names the folder of Spark: what {@code SPARK_HOME} is. */
  public static final String SPARK_HOME = "jobserver.spark.home";

  /**
   * Makes one, not started.
   *
   * @param properties {@link #SPARK_HOME}, {@link Constants#FRAMEWORK_STORAGE}, which is emptied,
   *     and what else a framework has; packages that the caller wants exported, too, are in {@link
   *     Constants#FRAMEWORK_SYSTEMPACKAGES_EXTRA}
   * @throws IllegalArgumentException when no usable Spark is there, with words for people
   */
  @Override
  public Framework newFramework(Map<String, String> properties) {
    Map<String, String> all = new HashMap<>(properties);
    String more = all.getOrDefault(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, "");
    all.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
        packages(properties.get(SPARK_HOME), OwnExports.packages(more))
            + (more.isEmpty() ? "" : "," + more));
    all.put(Constants.FRAMEWORK_BUNDLE_PARENT, Constants.FRAMEWORK_BUNDLE_PARENT_FRAMEWORK);
    return BundleHost.framework(all);
  }

  /** The jars of Spark: what the loader of this class must see. */
  public static Path jars(String sparkHome) {
    try {
      return SparkHome.of(sparkHome).jars();
    } catch (CannotStart e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static String packages(String sparkHome, Set<String> without) {
    try {
      return SparkPackages.of(jars(sparkHome), Optional.empty()).systemPackages(without);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
