package jobserver.dao.example;

import spark.jobserver.api.Context;

/**
 * A context on record.
 *
 * @param place counts the contexts in the order in which they were inserted
 */
record ContextRow(long place, Context context) {
  boolean isActive() {
    return !context.state().isFinal();
  }
}
