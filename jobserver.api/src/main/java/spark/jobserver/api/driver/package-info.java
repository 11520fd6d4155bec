/** Between the core and what starts driver processes. Versioned apart from what authors use. */
@Export
@Version("1.0.0")
package spark.jobserver.api.driver;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
