package spark.jobserver.core.job;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.JobSubmission;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.Jobs.SubmissionKey;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.Sha256;

/**
 * Sees to it that a request which is repeated with its key makes one job: while the first is under
 * way its repetitions wait for it, afterwards the store knows its job. Methods may be called from
 * any thread.
 */
final class RepeatedSubmissions {
  private final JobDao dao;
  private final Function<String, CompletionStage<Submission>> recall;
  private final Map<Caller, UnderWay> underWay = new ConcurrentHashMap<>();

  /**
   * @param recall the submission of a job that is on record, by its id
   */
  RepeatedSubmissions(JobDao dao, Function<String, CompletionStage<Submission>> recall) {
    this.dao = dao;
    this.recall = recall;
  }

  private record Caller(String name, String key) {}

  private record UnderWay(String request, CompletableFuture<Submission> submission) {}

  /**
   * Starts a submission unless it is the repetition of another.
   *
   * @param start is given the key to commit with the job
   * @throws JobserverException {@link ErrorCode#KEY_USED} when the key was used for another request
   */
  CompletionStage<Submission> once(
      JobSubmission submission, Function<Optional<RequestKey>, CompletionStage<Submission>> start) {
    if (submission.key().isEmpty()) {
      return start.apply(Optional.empty());
    }
    SubmissionKey key = submission.key().get();
    String request = digest(submission, key.request());
    Caller caller = new Caller(key.caller(), key.key());
    UnderWay own = new UnderWay(request, new CompletableFuture<>());
    UnderWay other = underWay.putIfAbsent(caller, own);
    if (other != null) {
      check(other.request(), request);
      return other.submission();
    }
    try {
      first(new RequestKey(key.caller(), key.key(), request), start)
          .whenComplete(
              (made, error) -> {
                underWay.remove(caller);
                if (error == null) {
                  own.submission().complete(made);
                } else {
                  own.submission().completeExceptionally(error);
                }
              });
    } catch (RuntimeException e) {
      underWay.remove(caller);
      own.submission().completeExceptionally(e);
      throw e;
    }
    return own.submission();
  }

  private CompletionStage<Submission> first(
      RequestKey key, Function<Optional<RequestKey>, CompletionStage<Submission>> start) {
    Optional<KeyUsed> used = dao.keyUsed(key.caller(), key.key());
    return used.isPresent() ? repeated(used.get(), key) : start.apply(Optional.of(key));
  }

  /**
   * The submission that a key was used for.
   *
   * @throws JobserverException {@link ErrorCode#KEY_USED} when that was another request
   */
  CompletionStage<Submission> repeated(KeyUsed used, RequestKey key) {
    check(used.request(), key.request());
    return recall.apply(used.jobId());
  }

  private static void check(String then, String now) {
    if (!then.equals(now)) {
      throw new JobserverException(
          ErrorCode.KEY_USED,
          "The Idempotency-Key was used for another request; a new request needs a new key");
    }
  }

  /** Two requests have the same exactly when they are the same. */
  private static String digest(JobSubmission submission, String request) {
    MessageDigest sha = Sha256.digest();
    add(sha, request);
    new TreeMap<>(submission.parameters())
        .forEach(
            (name, value) -> {
              add(sha, name);
              add(sha, value);
            });
    add(sha, "");
    add(sha, submission.context().map(name -> "in " + name).orElse("alone"));
    add(sha, submission.callback().map(url -> "tell " + url).orElse("silent"));
    add(sha, submission.config());
    return HexFormat.of().formatHex(sha.digest());
  }

  private static void add(MessageDigest sha, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    sha.update(bytes);
  }
}
