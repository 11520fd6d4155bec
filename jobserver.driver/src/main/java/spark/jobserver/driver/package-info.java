/**
 * Inside a driver process: makes the one context through its factory, and runs jobs through what
 * the factory returned. Knows neither Spark nor Python.
 */
package spark.jobserver.driver;
