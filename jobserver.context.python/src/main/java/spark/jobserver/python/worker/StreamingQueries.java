package spark.jobserver.python.worker;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows which worker has started which streaming query, for these end with it. */
final class StreamingQueries extends StreamingQueryListener {
  private static final Logger logger = LoggerFactory.getLogger(StreamingQueries.class);

  private final transient SparkSession session;
  private final transient ContextThreads threads;
  private final Map<UUID, List<String>> tags = new ConcurrentHashMap<>();

  StreamingQueries(SparkSession session, ContextThreads threads) {
    this.session = session;
    this.threads = threads;
    session.streams().addListener(this);
  }

  /** Stops the queries of the worker with this tag; each may take its time for that. */
  void end(String tag) {
    tags.forEach(
        (id, tagsOfQuery) -> {
          if (tagsOfQuery.contains(tag)) {
            threads.newThread("python-streams", () -> stop(id)).start();
          }
        });
  }

  private void stop(UUID id) {
    try {
      StreamingQuery query = session.streams().get(id);
      if (query != null) {
        query.stop();
      }
    } catch (Exception e) {
      logger.warn("Streaming query {} did not stop", id, e);
    }
  }

  /** Is called on the query's own thread, which has inherited the tags of who started it. */
  @Override
  public void onQueryStarted(QueryStartedEvent started) {
    String text = session.sparkContext().getLocalProperty(SparkJobs.TAGS);
    if (text != null) {
      tags.put(started.id(), Arrays.asList(text.split(",", -1)));
    }
  }

  @Override
  public void onQueryProgress(QueryProgressEvent progress) {}

  @Override
  public void onQueryTerminated(QueryTerminatedEvent terminated) {
    tags.remove(terminated.id());
  }
}
