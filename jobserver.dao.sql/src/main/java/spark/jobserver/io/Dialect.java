package spark.jobserver.io;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import spark.jobserver.api.Failure;

/** What differs between the databases. */
enum Dialect {
  DERBY(
      "Apache Derby",
      Map.of("id", "varchar(64)", "clob", "clob", "blob", "blob(1048576)"),
      " with rs",
      " for update with rs"),
  POSTGRESQL(
      "PostgreSQL",
      Map.of("id", "varchar(64) collate \"C\"", "clob", "text", "blob", "bytea"),
      " for share",
      " for update");

  private final String product;
  private final Map<String, String> types;
  private final String keep;
  private final String claim;

  Dialect(String product, Map<String, String> types, String keep, String claim) {
    this.product = product;
    this.types = types;
    this.keep = keep;
    this.claim = claim;
  }

  /**
   * The dialect of a database.
   *
   * @param product what the database calls itself
   * @throws SQLException when it is none that this bundle speaks
   */
  static Dialect of(String product) throws SQLException {
    return Arrays.stream(values())
        .filter(dialect -> dialect.product.equals(product))
        .findFirst()
        .orElseThrow(() -> new SQLException(product + " is neither Derby nor PostgreSQL"));
  }

  /** The placeholders of the migrations. */
  Map<String, String> types() {
    return types;
  }

  /** The end of a query whose rows nobody may change or remove before the transaction ends. */
  String keep() {
    return keep;
  }

  /** The end of a query whose rows only this transaction may change, and one such at a time. */
  String claim() {
    return claim;
  }

  /**
   * A failure as the database can hold it: PostgreSQL has no character 0, and a job must be able to
   * end whatever its error says.
   */
  Failure storable(Failure failure) {
    return this == POSTGRESQL
        ? new Failure(
            without0(failure.message()), without0(failure.errorClass()), without0(failure.stack()))
        : failure;
  }

  private static String without0(String text) {
    return text.replace('\0', '\uFFFD');
  }
}
