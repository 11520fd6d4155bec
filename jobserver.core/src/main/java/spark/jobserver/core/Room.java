package spark.jobserver.core;

import java.util.function.Supplier;
import spark.jobserver.api.dao.StoreFullException;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** Tells a caller that there is no room for what he wants to be kept. */
public final class Room {
  private Room() {}

  /**
   * Does something in the store for a caller.
   *
   * @throws JobserverException {@link ErrorCode#NO_ROOM} when the store is full; nothing has
   *     changed
   */
  public static <T> T needed(Supplier<T> work) {
    try {
      return work.get();
    } catch (StoreFullException e) {
      throw new JobserverException(
          ErrorCode.NO_ROOM, "There is no room on the server's disk: nothing was kept", e);
    }
  }
}
