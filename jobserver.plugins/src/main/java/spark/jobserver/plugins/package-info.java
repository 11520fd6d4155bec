/**
 * The life of plugins: the bundles in the server's folder for them, checked, started, updated,
 * rolled back and removed while everything else goes on.
 *
 * <p>{@link spark.jobserver.plugins.FolderPlugins} is the only one that changes anything, on one
 * thread. It never starts a file of the folder: bytes are copied by their digest first ({@link
 * spark.jobserver.plugins.RevisionStore}), looked at in a JVM of their own ({@link
 * spark.jobserver.plugins.Check}), and started from the copy ({@link
 * spark.jobserver.plugins.Host}). What it must know after a restart is in {@link
 * spark.jobserver.plugins.Memory}.
 */
package spark.jobserver.plugins;
