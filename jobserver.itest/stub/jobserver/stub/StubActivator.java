package jobserver.stub;

import java.util.Dictionary;
import java.util.Hashtable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import spark.jobserver.api.driver.DriverLauncher;

/** Puts the stub in the place of what starts Spark. */
public final class StubActivator implements BundleActivator {
  private static final String REAL_LAUNCHER = "jobserver.launcher.spark";

  @Override
  public void start(BundleContext context) throws BundleException {
    Dictionary<String, Object> properties = new Hashtable<>();
    properties.put(Constants.SERVICE_RANKING, 1000);
    context.registerService(DriverLauncher.class, new StubLauncher(), properties);
    for (Bundle bundle : context.getBundles()) {
      if (REAL_LAUNCHER.equals(bundle.getSymbolicName())) {
        bundle.stop(Bundle.STOP_TRANSIENT);
      }
    }
  }

  @Override
  public void stop(BundleContext context) {
    // The framework withdraws the service.
  }
}
