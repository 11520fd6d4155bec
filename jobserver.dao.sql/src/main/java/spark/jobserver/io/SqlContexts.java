package spark.jobserver.io;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.dao.DriverRecord;

/** Contexts and their drivers in the database. */
final class SqlContexts {
  private static final String COLUMNS =
      """
      id, name, factory, settings, start_time, end_time, state, application_id, url,
      failure_message, failure_class, failure_stack, bundle, owner
      """;
  private static final String ACTIVE = "state in ('STARTED', 'RUNNING', 'STOPPING')";

  private final Database database;

  SqlContexts(Database database) {
    this.database = database;
  }

  boolean insert(Context context) {
    String key = Key.of(context.name());
    return database.transaction(
        "add the context " + context.name(),
        tx -> {
          if (tx.exists("select id from context where active_key = ?", key)) {
            return false;
          }
          tx.update(
              """
              insert into context
                (name, name_key, active_key, factory, settings, start_time, end_time, state,
                 application_id, url, failure_message, failure_class, failure_stack, bundle, owner, id)
              values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
              """,
              values(tx, context));
          return true;
        });
  }

  boolean update(Context context) {
    return database.transaction(
        "change the context " + context.id(),
        tx ->
            1
                == tx.update(
                    """
                    update context set
                      name = ?, name_key = ?, active_key = ?, factory = ?, settings = ?,
                      start_time = ?, end_time = ?, state = ?, application_id = ?, url = ?,
                      failure_message = ?, failure_class = ?, failure_stack = ?, bundle = ?,
                      owner = ?
                    where id = ? and
                    """
                        + ACTIVE,
                    values(tx, context)));
  }

  private static Object[] values(Transaction tx, Context context) {
    String key = Key.of(context.name());
    Optional<Failure> failure = context.failure().map(tx.dialect()::storable);
    return new Object[] {
      context.name(),
      key,
      Nullable.text(context.state().isFinal() ? Optional.empty() : Optional.of(key)),
      context.factory(),
      context.settings(),
      context.startTime().toEpochMilli(),
      Nullable.time(context.endTime()),
      context.state().name(),
      Nullable.text(context.applicationId()),
      Nullable.text(context.url()),
      Nullable.text(failure.map(Failure::message)),
      Nullable.text(failure.map(Failure::errorClass)),
      Nullable.text(failure.map(Failure::stack)),
      context.bundle(),
      context.owner(),
      context.id()
    };
  }

  Optional<Context> find(String id) {
    if (!Key.possible(id)) {
      return Optional.empty();
    }
    return database.transaction(
        "look for the context " + id,
        tx ->
            tx.first("select " + COLUMNS + " from context where id = ?", SqlContexts::context, id));
  }

  Optional<Context> latest(String name) {
    return database.transaction(
        "look for the context " + name,
        tx ->
            tx.first(
                "select "
                    + COLUMNS
                    + """
                    from context
                    where name_key = ?
                    order by sequence_number desc
                    fetch first 1 rows only
                    """,
                SqlContexts::context,
                Key.of(name)));
  }

  List<Context> active() {
    return database.transaction(
        "list the contexts",
        tx ->
            tx.list(
                "select "
                    + COLUMNS
                    + " from context where "
                    + ACTIVE
                    + " order by sequence_number desc",
                SqlContexts::context));
  }

  List<Context> inOrder(Optional<String> after, int limit) {
    if (limit < 1 || (after.isPresent() && !Key.possible(after.get()))) {
      return List.of();
    }
    return database.transaction(
        "list all contexts",
        tx ->
            after.isEmpty()
                ? tx.list(
                    "select "
                        + COLUMNS
                        + " from context order by sequence_number fetch first ? rows only",
                    SqlContexts::context,
                    limit)
                : tx.list(
                    "select "
                        + COLUMNS
                        + """
                        from context
                        where sequence_number > (select sequence_number from context where id = ?)
                        order by sequence_number
                        fetch first ? rows only
                        """,
                    SqlContexts::context,
                    after.get(),
                    limit));
  }

  void saveDriver(DriverRecord driver) {
    database.transaction(
        "remember the driver of the context " + driver.contextId(),
        tx -> {
          Object[] values = {
            driver.epoch(),
            driver.process(),
            driver.tokenHash(),
            driver.keyHash(),
            driver.contextId()
          };
          int known =
              tx.update(
                  """
                  update context_driver
                  set epoch = ?, process = ?, token_hash = ?, key_hash = ?
                  where context_id = ?
                  """,
                  values);
          if (known == 0) {
            tx.update(
                """
                insert into context_driver (epoch, process, token_hash, key_hash, context_id)
                values (?, ?, ?, ?, ?)
                """,
                values);
          }
          return null;
        });
  }

  Optional<DriverRecord> driver(String contextId) {
    if (!Key.possible(contextId)) {
      return Optional.empty();
    }
    return database.transaction(
        "look for the driver of the context " + contextId,
        tx ->
            tx.first(
                """
                select context_id, epoch, process, token_hash, key_hash
                from context_driver
                where context_id = ?
                """,
                row ->
                    new DriverRecord(
                        row.getString("context_id"),
                        row.getInt("epoch"),
                        row.getString("process"),
                        row.getString("token_hash"),
                        row.getString("key_hash")),
                contextId));
  }

  /** Removes contexts that ended before a time and have no jobs, the earliest first. */
  static List<String> removeEnded(Transaction tx, Instant before, int limit) throws SQLException {
    List<String> ended =
        tx.list(
            """
            select id from context
            where end_time < ? and not exists (select 1 from job where job.context_id = context.id)
            order by end_time, id
            fetch first ? rows only
            """,
            row -> row.getString("id"),
            before.toEpochMilli(),
            limit);
    for (String id : ended) {
      tx.update("delete from context_driver where context_id = ?", id);
      tx.update("delete from context where id = ?", id);
    }
    return ended;
  }

  private static Context context(ResultSet row) throws SQLException {
    return new Context(
        row.getString("id"),
        row.getString("name"),
        row.getString("factory"),
        row.getString("settings"),
        Instant.ofEpochMilli(row.getLong("start_time")),
        Nullable.time(row, "end_time"),
        ContextState.valueOf(row.getString("state")),
        Nullable.text(row, "application_id"),
        Nullable.text(row, "url"),
        Nullable.failure(row),
        row.getString("bundle"),
        row.getString("owner"));
  }
}
