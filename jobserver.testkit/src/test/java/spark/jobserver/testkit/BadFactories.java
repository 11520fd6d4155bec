package spark.jobserver.testkit;

import com.typesafe.config.Config;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import spark.jobserver.python.PythonContextFactory;

/** Factories that break the contract. */
final class BadFactories {
  private BadFactories() {}

  /** Makes a context that PySpark has the like of. */
  public static class Good extends PythonContextFactory {
    @Override
    protected Object makeContext(SparkConf conf, Config settings, String name) {
      return new JavaSparkContext(conf);
    }
  }

  /** Leaves a thread and a process. */
  public static final class Leaves extends Good {
    @Override
    protected Object makeContext(SparkConf conf, Config settings, String name) {
      Thread thread = new Thread(Leaves::sleep, "left-behind");
      thread.setDaemon(true);
      thread.start();
      return super.makeContext(conf, settings, name);
    }

    private static void sleep() {
      try {
        Thread.sleep(600_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    protected void close(Object context) throws Exception {
      new ProcessBuilder("sleep", "120").start();
      super.close(context);
    }
  }

  /** Says of a wrong setting only that something is wrong. */
  public static final class SaysLittle extends Good {
    @Override
    protected Config settings(Config settings) {
      if (settings.hasPath("wrong")) {
        throw new IllegalArgumentException("something is wrong");
      }
      return settings;
    }
  }
}
