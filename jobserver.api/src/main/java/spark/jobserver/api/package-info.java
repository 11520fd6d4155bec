/** The words: binary, context, job, their states, how far they are and how they fail. */
@Export
@Version("1.0.0")
package spark.jobserver.api;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
