/** For extension authors: what makes a context, and the running context it returns. */
@Export
@Version("1.0.0")
package spark.jobserver.api.context;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
