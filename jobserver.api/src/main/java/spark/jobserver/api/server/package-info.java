/**
 * Between the core and what answers HTTP: what a server can be asked. Versioned apart from what
 * extension authors use.
 */
@Export
@Version("1.0.0")
package spark.jobserver.api.server;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
