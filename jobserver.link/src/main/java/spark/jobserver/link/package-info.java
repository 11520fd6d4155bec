/**
 * The messages between the server and its drivers.
 *
 * <p>They are JSON. A reader ignores keys that it does not know, and a new key has a default, so
 * that keys may be added within {@link Wire#PROTOCOL}; a new kind of message, or another meaning of
 * an old one, is a new protocol number, which a driver states when it enrols. Examples of every
 * message lie in {@code src/test/resources}, and the tests of both ends read them.
 */
@Export
@Version("1.0.0")
package spark.jobserver.link;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
