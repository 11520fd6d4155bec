/** Whether the server is ready for work, and what it is at. */
package spark.jobserver.health;
