package spark.jobserver.callback;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;

/**
 * What is told of a job's end, as the body of a request. A result is a JSON text already: it is
 * copied as it is read, however large it is, and anew for each attempt.
 */
final class Notice extends AbstractHttpEntity {
  /** With what is no text, such as half a surrogate pair, in a form that can be sent. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final byte[] RESULT = ",\"result\":".getBytes(StandardCharsets.UTF_8);
  private static final Content NULL = Content.of("null".getBytes(StandardCharsets.UTF_8));

  private final String jobId;
  private final byte[] report;
  private final Optional<Content> result;

  private record Finished(String jobId) {}

  private record Failed(String jobId, String status, Why result) {}

  private record Why(String message, String errorClass, String stack) {
    static Why of(Failure failure) {
      return new Why(failure.message(), failure.errorClass(), failure.stack());
    }
  }

  private Notice(String jobId, Object report, Optional<Content> result) {
    super("application/json", null);
    this.jobId = jobId;
    this.report = bytes(report);
    this.result = result;
  }

  /**
   * What there is to tell of a job.
   *
   * @param job a final one
   * @param result of a job that is FINISHED; without it the job has returned nothing
   */
  static Notice of(Job job, Optional<Content> result) {
    return job.failure()
        .map(
            failure ->
                new Notice(
                    job.id(),
                    new Failed(job.id(), job.state().name(), Why.of(failure)),
                    Optional.empty()))
        .orElseGet(
            () -> new Notice(job.id(), new Finished(job.id()), Optional.of(result.orElse(NULL))));
  }

  private static byte[] bytes(Object report) {
    try {
      return JSON.writeValueAsBytes(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(report.getClass() + " cannot be written as JSON", e);
    }
  }

  /** The job. */
  String jobId() {
    return jobId;
  }

  @Override
  public long getContentLength() {
    return report.length + result.map(content -> RESULT.length + content.size()).orElse(0L);
  }

  /**
   * Writes all of it.
   *
   * @throws IOException when the result is not of the length that was announced, beside others
   */
  @Override
  public void writeTo(OutputStream out) throws IOException {
    if (result.isEmpty()) {
      out.write(report);
      return;
    }
    int end = report.length - 1;
    out.write(report, 0, end);
    out.write(RESULT);
    try (InputStream bytes = result.get().open()) {
      long written = bytes.transferTo(out);
      if (written != result.get().size()) {
        throw new IOException(
            "the result has %d bytes, not %d".formatted(written, result.get().size()));
      }
    }
    out.write(report, end, 1);
  }

  @Override
  public boolean isRepeatable() {
    return true;
  }

  @Override
  public boolean isStreaming() {
    return false;
  }

  /** Never called: it is written, not read. */
  @Override
  public InputStream getContent() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    // It holds nothing open.
  }
}
