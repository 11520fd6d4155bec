package spark.jobserver.plugins;

import java.nio.file.Path;
import java.util.List;

/** Looks at a bundle before the server takes it. */
interface Check {
  /**
   * Checks a bundle. Takes some seconds, ten at the most. Harms nothing, whatever the bundle does.
   *
   * @param jar the bundle
   * @param beside the other plugins that run
   */
  Verdict check(Path jar, List<Path> beside) throws InterruptedException;
}
