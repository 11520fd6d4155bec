/**
 * A bundle for tests of the REST API: starts drivers without a process and without Spark, whose
 * contexts come up at once and whose jobs end as their class path says. The rest of the server is
 * what it always is, the link included.
 */
package jobserver.stub;
