/** Plugins: the context factories that are here, and the bundles behind them. */
package spark.jobserver.core.plugin;
