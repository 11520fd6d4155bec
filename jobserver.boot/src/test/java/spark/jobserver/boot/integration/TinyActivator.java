package spark.jobserver.boot.integration;

import java.net.URL;
import java.util.Objects;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWiring;
import spark.jobserver.boot.Startup;

/** What the bundles of these tests do when they are started: what their header {@code Do} says. */
public final class TinyActivator implements BundleActivator {
  @Override
  public void start(BundleContext context) throws Exception {
    for (String step : context.getBundle().getHeaders().get("Do").split(" ", -1)) {
      String[] words = step.split("=", 2);
      switch (words[0]) {
        case "say" -> say(words[1]);
        case "property" -> say(words[1] + "=" + context.getProperty(words[1]));
        case "exports" ->
            say(words[1] + (exports(context, words[1]) ? " is" : " is not") + " exported");
        case "load" -> say(words[1] + " is " + context.getBundle().loadClass(words[1]).getName());
        case "url-handlers" -> {
          URL.setURLStreamHandlerFactory(protocol -> null); // once in the life of a JVM
          say("URL handlers can be set");
        }
        case "stop" -> context.getBundle(0).stop();
        case "throw" -> throw new BundleException("no luck today");
        case "fail" -> startup(context).failed(Integer.parseInt(words[1]), "failed on purpose");
        case "thread" -> new Thread(TinyActivator::waitForever, "lingering").start();
        default -> throw new IllegalArgumentException(step);
      }
    }
  }

  @Override
  public void stop(BundleContext context) {
    say(context.getBundle().getSymbolicName() + " stopped");
  }

  private static Startup startup(BundleContext context) {
    return Objects.requireNonNull(context.getService(context.getServiceReference(Startup.class)));
  }

  private static boolean exports(BundleContext context, String name) {
    Bundle system = context.getBundle(0);
    return system
        .adapt(BundleWiring.class)
        .getCapabilities(BundleRevision.PACKAGE_NAMESPACE)
        .stream()
        .anyMatch(c -> name.equals(c.getAttributes().get(BundleRevision.PACKAGE_NAMESPACE)));
  }

  private static synchronized void waitForever() {
    try {
      while (true) {
        TinyActivator.class.wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(String words) {
    System.out.println(words);
  }
}
