package jobserver.dao.example;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.RequestKey;

/** Writes rows as bytes, which {@link RowReader} reads. */
final class RowWriter {
  private final DataOutputStream out;

  private RowWriter(DataOutputStream out) {
    this.out = out;
  }

  /** A value of a row. */
  @FunctionalInterface
  interface Field<T> {
    void write(RowWriter out, T value) throws IOException;
  }

  static <T> byte[] bytes(Field<T> field, T row) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    field.write(new RowWriter(new DataOutputStream(bytes)), row);
    return bytes.toByteArray();
  }

  void text(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  void number(long number) throws IOException {
    out.writeLong(number);
  }

  void flag(boolean flag) throws IOException {
    out.writeBoolean(flag);
  }

  void time(Instant time) throws IOException {
    out.writeLong(time.toEpochMilli());
  }

  <T> void optional(Optional<T> value, Field<T> field) throws IOException {
    list(value.map(List::of).orElse(List.of()), field);
  }

  <T> void list(List<T> values, Field<T> field) throws IOException {
    out.writeInt(values.size());
    for (T value : values) {
      field.write(this, value);
    }
  }

  void binary(Binary binary) throws IOException {
    text(binary.name());
    text(binary.type().label());
    time(binary.uploadTime());
    text(binary.digest());
    number(binary.size());
  }

  void version(BinaryVersion version) throws IOException {
    binary(version.binary());
    text(version.owner());
  }

  void versions(List<BinaryVersion> versions) throws IOException {
    list(versions, RowWriter::version);
  }

  void failure(Failure failure) throws IOException {
    text(failure.message());
    text(failure.errorClass());
    text(failure.stack());
  }

  void context(ContextRow row) throws IOException {
    number(row.place());
    Context context = row.context();
    text(context.id());
    text(context.name());
    text(context.factory());
    text(context.settings());
    time(context.startTime());
    optional(context.endTime(), RowWriter::time);
    text(context.state().name());
    optional(context.applicationId(), RowWriter::text);
    optional(context.url(), RowWriter::text);
    optional(context.failure(), RowWriter::failure);
    text(context.bundle());
    text(context.owner());
  }

  void driver(DriverRecord driver) throws IOException {
    text(driver.contextId());
    number(driver.epoch());
    text(driver.process());
    text(driver.tokenHash());
    text(driver.keyHash());
  }

  void job(JobRow row) throws IOException {
    Job job = row.job();
    text(job.id());
    text(job.contextId());
    text(job.contextName());
    number(job.epoch());
    binary(job.binary());
    text(job.classPath());
    time(job.startTime());
    optional(job.endTime(), RowWriter::time);
    text(job.state().name());
    optional(job.failure(), RowWriter::failure);
    text(job.owner());
    JobInput input = row.input();
    text(input.config());
    list(input.dependencies(), RowWriter::binary);
    optional(input.callback(), RowWriter::text);
    optional(input.key(), RowWriter::key);
    flag(row.killWished());
    flag(row.hasResult());
  }

  private void key(RequestKey key) throws IOException {
    text(key.caller());
    text(key.key());
    text(key.request());
  }
}
