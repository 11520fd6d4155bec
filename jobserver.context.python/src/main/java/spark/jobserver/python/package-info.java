/** For extension authors: factories of contexts whose jobs are written in Python. */
@Export
@Version("1.0.0")
package spark.jobserver.python;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
