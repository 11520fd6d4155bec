package spark.jobserver.rest;

import static com.fasterxml.jackson.annotation.JsonInclude.Include.NON_EMPTY;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.Failure;

/**
 * A context. All values are texts; those that are empty are left out.
 *
 * @param id a UUID
 * @param name what callers call it
 * @param startTime when it was asked for, in UTC
 * @param endTime when it became final, in UTC; {@code Empty} before
 * @param state where it is in its life
 * @param applicationId Spark's application id, while the application can be reached
 * @param url the address of Spark's user interface, while the application can be reached
 * @param driverStart what it had to wait for: {@code cold}, {@code archive} or {@code spare}, while
 *     it has a driver
 * @param owner who asked for it; left out where nobody was asked for a name
 * @param proxyUser for whom Spark acts in it, where that is not the server's own user
 * @param bundle the revision of its factory's bundle that it has for life, as {@code
 *     name:version@digest}; left out until it is known
 * @param failure why it is ERROR or KILLED
 */
@JsonInclude(NON_EMPTY)
record ContextReport(
    String id,
    String name,
    String startTime,
    String endTime,
    String state,
    String applicationId,
    String url,
    String driverStart,
    String owner,
    String proxyUser,
    String bundle,
    String failure) {

  static ContextReport of(Context context, Optional<DriverStart> start) {
    boolean reachable =
        context.state() == ContextState.RUNNING || context.state() == ContextState.STOPPING;
    return new ContextReport(
        context.id(),
        context.name(),
        Times.utc(context.startTime()),
        context.endTime().map(Times::utc).orElse("Empty"),
        context.state().name(),
        shown(context.applicationId(), reachable),
        shown(context.url(), reachable),
        start.map(DriverStart::label).orElse(""),
        context.owner(),
        context.proxyUser().orElse(""),
        // The factory's own comes first.
        context.bundle().split(" ", 2)[0],
        context.failure().map(Failure::message).orElse(""));
  }

  private static String shown(Optional<String> value, boolean reachable) {
    return value.filter(there -> reachable).orElse("");
  }
}
