package jobserver.dao.example;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.RequestKey;

/** Reads rows as {@link RowWriter} writes them. */
final class RowReader {
  private final DataInputStream in;

  private RowReader(DataInputStream in) {
    this.in = in;
  }

  /** A value of a row. */
  @FunctionalInterface
  interface Field<T> {
    T read(RowReader in) throws IOException;
  }

  static <T> T row(Field<T> field, byte[] bytes) throws IOException {
    return field.read(new RowReader(new DataInputStream(new ByteArrayInputStream(bytes))));
  }

  String text() throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }

  long number() throws IOException {
    return in.readLong();
  }

  boolean flag() throws IOException {
    return in.readBoolean();
  }

  Instant time() throws IOException {
    return Instant.ofEpochMilli(in.readLong());
  }

  <T> Optional<T> optional(Field<T> field) throws IOException {
    return list(field).stream().findFirst();
  }

  <T> List<T> list(Field<T> field) throws IOException {
    int size = in.readInt();
    List<T> values = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      values.add(field.read(this));
    }
    return values;
  }

  Binary binary() throws IOException {
    return new Binary(text(), BinaryType.ofLabel(text()), time(), text(), number());
  }

  BinaryVersion version() throws IOException {
    return new BinaryVersion(binary(), text());
  }

  List<BinaryVersion> versions() throws IOException {
    return list(RowReader::version);
  }

  Failure failure() throws IOException {
    return new Failure(text(), text(), text());
  }

  ContextRow context() throws IOException {
    return new ContextRow(
        number(),
        new Context(
            text(),
            text(),
            text(),
            text(),
            time(),
            optional(RowReader::time),
            ContextState.valueOf(text()),
            optional(RowReader::text),
            optional(RowReader::text),
            optional(RowReader::failure),
            text(),
            text()));
  }

  DriverRecord driver() throws IOException {
    return new DriverRecord(text(), (int) number(), text(), text(), text());
  }

  JobRow job() throws IOException {
    Job job =
        new Job(
            text(),
            text(),
            text(),
            (int) number(),
            binary(),
            text(),
            time(),
            optional(RowReader::time),
            JobState.valueOf(text()),
            optional(RowReader::failure),
            text());
    JobInput input =
        new JobInput(
            text(), list(RowReader::binary), optional(RowReader::text), optional(RowReader::key));
    return new JobRow(job, input, flag(), flag());
  }

  private RequestKey key() throws IOException {
    return new RequestKey(text(), text(), text());
  }
}
