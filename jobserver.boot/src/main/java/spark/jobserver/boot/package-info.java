/**
 * The main programs of the server and of a driver: a framework with Spark's packages exported.
 *
 * <p>Everything here is loaded before any bundle. The framework's system bundle exports this
 * package, so that bundles can use {@link spark.jobserver.boot.Startup}, and a driver's {@link
 * spark.jobserver.boot.ContextClassLoader}; nothing else in it is for them. Tests of bundles start
 * a framework like a driver's by {@link spark.jobserver.boot.SparkFrameworkFactory}.
 */
@Export
@Version("1.0.0")
package spark.jobserver.boot;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
