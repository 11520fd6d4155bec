/** For extension authors: the memory of the server. */
@Export
@Version("1.0.0")
package spark.jobserver.api.dao;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
