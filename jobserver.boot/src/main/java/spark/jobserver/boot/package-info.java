/**
 * The main programs of the server and of a driver: a framework with Spark's packages exported.
 *
 * <p>Everything here is loaded before any bundle. The framework's system bundle exports this
 * package, so that bundles can use {@link spark.jobserver.boot.Startup}; nothing else in it is for
 * them.
 */
@Export
@Version("1.0.0")
package spark.jobserver.boot;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
