package spark.jobserver.io;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;

/**
 * A filter of jobs as the where clause of a query.
 *
 * @param sql the clause
 * @param values of its question marks, in their order
 */
record JobConditions(String sql, List<Object> values) {
  /** Derby would make a type of longer texts that it cannot compare. */
  private static final String DOTTED = "cast(%s as varchar(32671))";

  static JobConditions of(JobFilter filter) {
    List<String> conditions = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    if (filter.states().size() < JobState.values().length) {
      conditions.add(
          "state in ("
              + filter.states().stream().map(state -> "?").collect(Collectors.joining(", "))
              + ")");
      filter.states().forEach(state -> values.add(state.name()));
    }
    filter.contextName().ifPresent(name -> equal("context_name", name, conditions, values));
    filter.classPath().ifPresent(path -> equal("class_path", path, conditions, values));
    filter
        .owner()
        .ifPresent(
            owner -> {
              conditions.add("owner_key = ?");
              values.add(Key.of(owner));
            });
    filter
        .since()
        .ifPresent(
            time -> {
              conditions.add("start_time >= ?");
              values.add(time.toEpochMilli());
            });
    filter
        .after()
        .ifPresent(
            place -> {
              conditions.add("(start_time < ? or (start_time = ? and id < ?))");
              values.add(place.startTime().toEpochMilli());
              values.add(place.startTime().toEpochMilli());
              values.add(place.id());
            });
    String sql = conditions.isEmpty() ? "" : "where " + String.join(" and ", conditions);
    return new JobConditions(sql, List.copyOf(values));
  }

  /** With a dot at their ends, for Derby finds texts equal that differ in blanks there. */
  private static void equal(
      String column, String text, List<String> conditions, List<Object> values) {
    conditions.add(
        DOTTED.formatted("cast(" + column + " as varchar(32670)) || '.'")
            + " = "
            + DOTTED.formatted("?"));
    values.add(text + ".");
  }

  /** The values, and more at the end. */
  Object[] values(Object... more) {
    return Stream.concat(values.stream(), Stream.of(more)).toArray();
  }
}
