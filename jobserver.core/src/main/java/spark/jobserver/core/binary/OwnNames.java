package spark.jobserver.core.binary;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * Keeps callers that may change only their own binaries from the names of others. Whose a name is
 * its latest version says. Called by any thread.
 */
final class OwnNames {
  private static final int LOCKS = 64;

  private final Function<String, Optional<String>> owners;

  /** Each is for the names that hash to its place. */
  private final List<Lock> locks = Stream.<Lock>generate(ReentrantLock::new).limit(LOCKS).toList();

  /**
   * Names.
   *
   * @param owners who has uploaded the latest version of a name
   */
  OwnNames(Function<String, Optional<String>> owners) {
    this.owners = owners;
  }

  /**
   * Changes a name while nobody else does: of two that upload a new name at the same time, the
   * second finds it to be the first one's.
   *
   * @throws JobserverException as {@link #check}
   */
  <T> T change(String name, Caller caller, Supplier<T> change) {
    Lock lock = locks.get(Math.floorMod(name.hashCode(), LOCKS));
    lock.lock();
    try {
      check(name, caller);
      return change.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses a caller whom a name does not belong to, as far as that is known now.
   *
   * @throws JobserverException {@link ErrorCode#BINARY_OF_OTHERS}
   */
  void check(String name, Caller caller) {
    if (caller.onlyOwn() && !owners.apply(name).map(caller::sees).orElse(true)) {
      throw new JobserverException(
          ErrorCode.BINARY_OF_OTHERS,
          "The binary "
              + name
              + " was uploaded by somebody else. Take another name, or ask for the permissions"
              + " binaries:upload and binaries:delete.");
    }
  }
}
