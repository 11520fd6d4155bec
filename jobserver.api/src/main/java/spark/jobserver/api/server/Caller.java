package spark.jobserver.api.server;

import static java.util.Objects.requireNonNull;

/**
 * On whose behalf something is asked of the server.
 *
 * @param name what the caller is called; what the caller makes is on record as the caller's own.
 *     Empty where nobody was asked who they are, and for the server itself
 * @param onlyOwn whether what others have made is not there for the caller
 * @param mayImpersonate whether the caller may name others for whom contexts act
 */
public record Caller(String name, boolean onlyOwn, boolean mayImpersonate) {
  /** The attribute of a servlet request in which the gate notes its caller, as an object. */
  public static final String ATTRIBUTE = "spark.jobserver.caller";

  /** The permission to name others; no role but the one that may everything has it. */
  public static final String IMPERSONATE = "impersonation:any";

  /** The server itself, and whoever uses it where nobody is asked. */
  public static final Caller SERVER = new Caller("", false, false);

  /**
   * Checks.
   *
   * @throws IllegalArgumentException when it may see its own only and has no name
   */
  public Caller {
    requireNonNull(name, "name");
    if (onlyOwn && name.isEmpty()) {
      throw new IllegalArgumentException("nothing is the own of somebody without a name");
    }
  }

  /**
   * Whether something is there for the caller.
   *
   * @param owner the name of who made it, empty for the server itself
   */
  public boolean sees(String owner) {
    return !onlyOwn || name.equals(owner);
  }
}
