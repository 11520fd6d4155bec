/**
 * The messages between the server and its drivers.
 *
 * <p>The driver dials, over HTTP. It enrols once with the one-time token of its {@link
 * EnrolmentFile} and is known by a key of its own making from then on. Where the same file names a
 * certificate or authorities, it does all this by TLS, with a server that is known by these ({@link
 * Trust}). Downwards there is one endless answer, a stream of numbered {@link Command}s, which is
 * replayed from the last one carried out when it breaks. Upwards each {@link Event} is a request of
 * its own, and so are {@link Heartbeat}s and the fetching of bundles and binaries by their digest.
 * Commands, events, heartbeats and the progress of jobs have threads and connections of their own
 * and do not wait for each other.
 *
 * <p>Anything may be said twice, for an answer can be lost. A command that comes again is known by
 * its session and number and left alone; a job that comes again under another number, as after a
 * restart of the server, is known by its id, which the driver has on its disk. An event carries
 * (context, epoch, sequence), progress no sequence, but nobody needs to remember these: every event
 * says what <em>is</em>, not what changed, and names a final state that the first telling has made
 * final. So the core keeps no list of what it has heard; it only has to leave alone what is final.
 * Events of one driver may overtake each other, but for {@link Event.ContextFailed} and {@link
 * Event.ContextEnded}, which come after all that was told before them.
 *
 * <p>An event is told until the server has taken it, the important ones even by who comes after a
 * driver that died. Two may be lost. Of {@link Event.JobProgress} a driver keeps the latest of each
 * running job in memory, sends it once, and sends it again only when it has dialled in anew. {@link
 * Event.NamedObjectsListed}, the answer to a question of the server's, is sent once.
 *
 * <p>The messages are JSON. A reader ignores keys that it does not know, and a new key has a
 * default, so that keys may be added within {@link Wire#PROTOCOL}; a new kind of message, or
 * another meaning of an old one, is a new protocol number, which a driver states when it enrols.
 * What both ends can do without may be a new kind within the same number, for a driver outlives
 * updates of its server: a server answers 400 to an event of a kind that it does not know, a driver
 * whose {@link Event.JobProgress} is answered so says no more of it until it has dialled in anew,
 * and a driver leaves a command alone whose kind it does not know. Examples of every message lie in
 * {@code src/test/resources}, and the tests of both ends read them.
 */
@Export
@Version("1.0.0")
package spark.jobserver.link;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
