/** For extension authors: tests of their bundles in a driver's framework, on a Spark. */
@Export
@Version("1.0.0")
package spark.jobserver.testkit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
