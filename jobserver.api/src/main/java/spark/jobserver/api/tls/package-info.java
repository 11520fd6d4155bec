/** Between the bundles that speak TLS: the files by which they do. Versioned apart. */
@Export
@Version("1.0.0")
package spark.jobserver.api.tls;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
