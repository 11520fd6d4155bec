/**
 * Turns the one configuration file into the configurations of the components.
 *
 * <p>The file lies over the {@code reference.conf} of every bundle. A {@code reference.conf} says
 * which keys there are, of what type, and what holds when the file says nothing.
 */
package spark.jobserver.config;
