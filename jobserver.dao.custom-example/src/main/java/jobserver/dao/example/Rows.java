package jobserver.dao.example;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Rows of one kind, in memory and each in a file of its own. What has changed is on the disk when a
 * method returns; when it throws, nothing has changed. Not for several threads at once.
 */
final class Rows<T> {
  private final NamedFiles files;
  private final Function<T, String> id;
  private final RowWriter.Field<T> writer;
  private final Map<String, T> rows = new HashMap<>();

  /** The rows that there are in a folder. */
  Rows(
      NamedFiles files,
      Function<T, String> id,
      RowWriter.Field<T> writer,
      RowReader.Field<T> reader)
      throws IOException {
    this.files = files;
    this.id = id;
    this.writer = writer;
    for (byte[] bytes : files.all()) {
      T row = RowReader.row(reader, bytes);
      rows.put(id.apply(row), row);
    }
  }

  Optional<T> find(String of) {
    return Optional.ofNullable(rows.get(of));
  }

  Collection<T> all() {
    return rows.values();
  }

  void put(T row) throws IOException {
    files.write(id.apply(row), RowWriter.bytes(writer, row));
    rows.put(id.apply(row), row);
  }

  void remove(String of) throws IOException {
    files.remove(of);
    rows.remove(of);
  }

  void clear() throws IOException {
    for (String of : List.copyOf(rows.keySet())) {
      remove(of);
    }
  }
}
