/**
 * The one gate before everything that answers HTTP, core and plugins alike: which hosts are served,
 * who makes a request and may, what pages of other origins may do, the method in a query, the
 * headers that every answer has, and words for what was malformed.
 *
 * <p>HTTP is open only while the gate stands: this bundle alone opens and closes the port.
 */
package spark.jobserver.gate;
