/** The driver's end of the link. */
@Export
@Version("1.0.0")
package spark.jobserver.link.driver;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
