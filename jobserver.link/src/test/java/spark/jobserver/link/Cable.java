package spark.jobserver.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A cable between two ends, which can be cut, or go dead without either end noticing. */
public final class Cable implements AutoCloseable {
  private final ServerSocket near;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Set<Socket> dead = ConcurrentHashMap.newKeySet();
  private final Semaphore dialled = new Semaphore(0);
  private volatile int far;
  private volatile boolean cut;
  private volatile boolean losingAnswers;

  public Cable(String url) throws IOException {
    near = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    plug(url);
    thread(this::accept);
  }

  /** Where the near end dials. */
  public String url() {
    return "http://127.0.0.1:" + near.getLocalPort();
  }

  /** Waits until the near end was dialled so often, since it was waited for last. */
  public void awaitDialled(int times) throws InterruptedException {
    if (!dialled.tryAcquire(times, 10, TimeUnit.SECONDS)) {
      throw new AssertionError("nobody dials");
    }
  }

  /** New connections go there from now on. */
  public void plug(String url) {
    far = URI.create(url).getPort();
    cut = false;
    losingAnswers = false;
  }

  /** Breaks all connections, and every new one. */
  public void cut() {
    cut = true;
    sockets.forEach(Cable::close);
    sockets.clear();
  }

  /** Carries nothing any more in the connections that there are; new ones work. */
  public void goDead() {
    dead.addAll(sockets);
  }

  /** Breaks each connection when an answer comes, which is lost. */
  public void loseAnswers() {
    losingAnswers = true;
  }

  private void accept() {
    while (!near.isClosed()) {
      try {
        Socket here = near.accept();
        dialled.release();
        connect(here);
      } catch (IOException e) {
        // unplugged
      }
    }
  }

  private void connect(Socket here) {
    try {
      if (cut) {
        throw new IOException("cut");
      }
      Socket there = new Socket(InetAddress.getLoopbackAddress(), far);
      here.setTcpNoDelay(true);
      there.setTcpNoDelay(true);
      sockets.add(here);
      sockets.add(there);
      if (cut) { // while it was made: the cut has not seen it
        close(there);
        throw new IOException("cut");
      }
      thread(() -> carry(here, there, false));
      thread(() -> carry(there, here, true));
    } catch (IOException e) {
      close(here);
    }
  }

  private void carry(Socket from, Socket to, boolean answers) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (answers && losingAnswers) {
          return;
        }
        if (dead.contains(from)) {
          continue;
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // cut
    }
  }

  private static void thread(Runnable work) {
    Thread thread = new Thread(work, "cable");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // closed
    }
  }

  @Override
  public void close() throws IOException {
    near.close();
    cut();
  }
}
