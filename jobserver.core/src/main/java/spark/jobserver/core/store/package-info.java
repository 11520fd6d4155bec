/**
 * Which store the core works with: waits for it, and moves to it what the server has in another.
 */
package spark.jobserver.core.store;
