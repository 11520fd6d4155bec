/** For extension authors: who makes a request, and how that is found out. */
@Export
@Version("1.0.0")
package spark.jobserver.api.auth;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
