/** Binaries: uploads, checked and stored. */
package spark.jobserver.core.binary;
