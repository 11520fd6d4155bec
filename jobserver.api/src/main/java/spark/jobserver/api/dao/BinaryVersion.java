package spark.jobserver.api.dao;

import static java.util.Objects.requireNonNull;

import spark.jobserver.api.Binary;

/**
 * A version of a binary, and whose it is.
 *
 * @param owner the name of the caller who uploaded it, or empty
 */
public record BinaryVersion(Binary binary, String owner) {
  public BinaryVersion {
    requireNonNull(binary, "binary");
    requireNonNull(owner, "owner");
  }
}
