package spark.jobserver.python.worker;

import java.util.concurrent.ThreadFactory;

/**
 * Threads that see what the thread that made the context sees: Spark loads the classes of jobs and
 * bundles through a thread's context class loader. They never keep the process alive.
 */
record ContextThreads(ClassLoader loader) implements ThreadFactory {
  static ContextThreads ofCaller() {
    return new ContextThreads(Thread.currentThread().getContextClassLoader());
  }

  @Override
  public Thread newThread(Runnable work) {
    return newThread("python-context", work);
  }

  Thread newThread(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.setContextClassLoader(loader);
    return thread;
  }
}
