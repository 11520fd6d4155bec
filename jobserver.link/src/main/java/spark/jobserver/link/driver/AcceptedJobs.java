package spark.jobserver.link.driver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The jobs that this driver has accepted: what makes a job run at most once. A job is on the disk
 * here before it runs, so that not even another driver in the same folder runs it again.
 */
public final class AcceptedJobs implements AutoCloseable {
  /** The file's name within the context's folder: one job id a line. */
  public static final String FILE = "accepted";

  private final FileChannel file;
  private final Set<String> ever = ConcurrentHashMap.newKeySet();
  private final Set<String> undelivered = ConcurrentHashMap.newKeySet();

  /**
   * @param folder the context's folder
   * @throws IOException when the file cannot be written
   */
  public AcceptedJobs(Path folder) throws IOException {
    ever.addAll(read(folder));
    file =
        FileChannel.open(
            folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    Durable.sync(folder);
  }

  /** The jobs that the driver of this folder had accepted, for who comes after it. */
  public static Set<String> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    return Files.exists(file) ? Set.copyOf(Files.readAllLines(file)) : Set.of();
  }

  /**
   * Accepts a job; that is durable when this returns.
   *
   * @return false when it was accepted before
   * @throws IOException when it cannot be written; the job is not accepted then
   */
  public synchronized boolean accept(String jobId) throws IOException {
    if (ever.contains(jobId)) {
      return false;
    }
    long whole = file.size();
    try {
      ByteBuffer line = ByteBuffer.wrap((jobId + "\n").getBytes(StandardCharsets.UTF_8));
      while (line.hasRemaining()) {
        file.write(line);
      }
      file.force(false);
    } catch (IOException e) {
      file.truncate(whole);
      throw e;
    }
    ever.add(jobId);
    undelivered.add(jobId);
    return true;
  }

  /** The server has committed the end of a job. */
  public void delivered(String jobId) {
    undelivered.remove(jobId);
  }

  /** The jobs whose end the server has not committed, for all that is known here. */
  public List<String> undelivered() {
    return List.copyOf(undelivered);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
