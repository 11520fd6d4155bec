package spark.jobserver.io;

import java.util.List;

/** The tables of the schema, for tests that share a database. */
final class Tables {
  private static final List<String> NAMES =
      List.of(
          "chunk",
          "binary_content",
          "binary_version",
          "context",
          "context_driver",
          "job",
          "job_dependency",
          "request_key",
          "callback");

  private Tables() {}

  static void empty(Database database) {
    database.transaction(
        "empty the tables",
        tx -> {
          for (String name : NAMES) {
            tx.update("delete from " + name);
          }
          return null;
        });
  }
}
