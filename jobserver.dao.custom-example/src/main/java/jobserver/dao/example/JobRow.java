package jobserver.dao.example;

import java.util.Optional;
import java.util.stream.Stream;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.JobInput;

/**
 * A job on record.
 *
 * @param hasResult whether there is a file of its result
 */
record JobRow(Job job, JobInput input, boolean killWished, boolean hasResult) {
  boolean isActive() {
    return !job.state().isFinal();
  }

  /** The binaries that it is started from and depends on. */
  Stream<Binary> binaries() {
    return Stream.concat(Stream.of(job.binary()), input.dependencies().stream());
  }

  JobRow ended(Job end, boolean withResult) {
    return new JobRow(end, input, false, withResult);
  }

  JobRow wished() {
    return new JobRow(job, input, true, hasResult);
  }

  JobRow withoutKey() {
    return with(
        new JobInput(input.config(), input.dependencies(), input.callback(), Optional.empty()));
  }

  JobRow withoutCallback() {
    return with(new JobInput(input.config(), input.dependencies(), Optional.empty(), input.key()));
  }

  private JobRow with(JobInput next) {
    return new JobRow(job, next, killWished, hasResult);
  }

  /** Whether a binary of this name must stay for it. */
  boolean needs(String binaryName) {
    return isActive() && binaries().anyMatch(binary -> binary.name().equals(binaryName));
  }
}
