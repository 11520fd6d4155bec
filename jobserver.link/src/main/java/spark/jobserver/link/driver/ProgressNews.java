package spark.jobserver.link.driver;

import java.io.IOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Progress;
import spark.jobserver.link.Event.JobProgress;

/**
 * Tells the server how far the running jobs are, for as long as it listens. It holds the latest
 * news of each running job and nothing else: while news wait for their turn, later ones take their
 * place. What the server does not take is not tried again before the job has come further, or the
 * driver has dialled in anew, when the server may be another that knows nothing yet.
 *
 * <p>One thread sends, so that the news of a job keep their order. It has a connection of its own
 * and waits for nothing but the server's answers.
 */
final class ProgressNews {
  private static final Logger LOG = LoggerFactory.getLogger(ProgressNews.class);

  private final LinkClient client;

  // All of this is guarded by this.
  private final Map<String, Progress> latest = new HashMap<>();
  private final Set<String> untold = new LinkedHashSet<>();
  private boolean understood = true;

  ProgressNews(LinkClient client) {
    this.client = client;
  }

  /** Takes news of a job that runs. Returns at once. */
  synchronized void take(JobProgress news) {
    latest.put(news.jobId(), news.progress());
    untold.add(news.jobId());
    notifyAll();
  }

  /** There are no more news of this job: it has ended. */
  synchronized void forget(String jobId) {
    latest.remove(jobId);
    untold.remove(jobId);
  }

  /** The driver has dialled in: the server is told of all jobs. */
  synchronized void tellAll() {
    understood = true;
    untold.addAll(latest.keySet());
    notifyAll();
  }

  /** Sends until interrupted, or until the server does not want this driver any more. */
  void deliver() throws InterruptedException {
    while (true) {
      JobProgress next = next();
      try {
        if (!client.mention(next)) {
          LOG.info("the server takes no news of how far jobs are");
          dismiss(false);
        }
      } catch (ServerGone e) {
        return; // the heartbeat learns it too, and acts on it
      } catch (IOException | RuntimeException e) {
        LOG.debug("progress of job {}: {}", next.jobId(), e.toString());
        dismiss(true);
      }
    }
  }

  private synchronized JobProgress next() throws InterruptedException {
    while (untold.isEmpty() || !understood) {
      wait();
    }
    Iterator<String> jobs = untold.iterator();
    String jobId = jobs.next();
    jobs.remove();
    return new JobProgress(jobId, latest.get(jobId));
  }

  private synchronized void dismiss(boolean serverUnderstands) {
    understood = serverUnderstands;
    untold.clear();
  }
}
