package spark.jobserver.core.store;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * The store that the core works with. As a service it is there while the store is, and only once
 * all that the server has is in it: who depends on it needs no other start order.
 */
public final class ActiveStore {
  private final JobDao service;
  private final String gone;
  private final JobDao dao;

  /** Held for reading by every call. */
  private final ReadWriteLock calls = new ReentrantReadWriteLock();

  private volatile boolean leaving;
  private volatile boolean closed;

  /**
   * A store.
   *
   * @param gone what callers are told once it is not there any more
   */
  public ActiveStore(JobDao service, String gone) {
    this.service = service;
    this.gone = gone;
    this.dao =
        (JobDao)
            Proxy.newProxyInstance(
                JobDao.class.getClassLoader(),
                new Class<?>[] {JobDao.class},
                (proxy, method, arguments) -> call(method, arguments));
  }

  /**
   * The store. When it has gone, whoever still holds this gets {@link ErrorCode#UNAVAILABLE}, and
   * cannot write what another does not know.
   */
  public JobDao dao() {
    return dao;
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    Lock call = calls.readLock();
    call.lock();
    try {
      if (closed && method.getDeclaringClass() == JobDao.class) {
        throw new JobserverException(ErrorCode.UNAVAILABLE, gone);
      }
      return method.invoke(service, arguments);
    } catch (InvocationTargetException e) {
      if (leaving && e.getCause() instanceof RuntimeException failure) {
        throw new JobserverException(ErrorCode.UNAVAILABLE, gone, failure);
      }
      throw e.getCause();
    } finally {
      call.unlock();
    }
  }

  /** The store is about to go: calls that fail from now on fail for that. */
  void leave() {
    leaving = true;
  }

  /**
   * Refuses further calls, and waits for those that are under way.
   *
   * @return whether none is left
   */
  boolean close(Duration patience) {
    leaving = true;
    boolean last = false;
    try {
      last = calls.writeLock().tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
      if (last) {
        calls.writeLock().unlock();
      }
    }
    return last;
  }
}
