package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.time.Instant;
import java.util.Optional;

/**
 * A context on record: a running environment with a SparkContext, in a driver of its own.
 *
 * @param id a random UUID
 * @param name what callers call it; unique among the contexts that are not final
 * @param factory the name of the {@link spark.jobserver.api.context.ContextFactory} that makes it
 * @param settings its merged settings as one JSON object
 * @param startTime when it was asked for, to the millisecond
 * @param endTime when it became final
 * @param state where it is in its life
 * @param applicationId Spark's application id, once it runs
 * @param url the address of Spark's user interface, once it runs and has one
 * @param failure why it is ERROR or KILLED
 * @param bundle the revision of the factory's bundle that it was made with, for example {@code
 *     jobserver.context.python:0.1.0@<digest>}; empty until it is known
 * @param owner the name of the caller who asked for it; empty for the server itself, and where
 *     nobody is asked for a name
 */
public record Context(
    String id,
    String name,
    String factory,
    String settings,
    Instant startTime,
    Optional<Instant> endTime,
    ContextState state,
    Optional<String> applicationId,
    Optional<String> url,
    Optional<Failure> failure,
    String bundle,
    String owner) {
  /** The setting that names the user for whom Spark acts, in the place of the server's own. */
  public static final String PROXY_USER = "spark.proxy.user";

  public Context {
    requireNonNull(id, "id");
    requireNonNull(name, "name");
    requireNonNull(factory, "factory");
    requireNonNull(settings, "settings");
    requireNonNull(startTime, "startTime");
    requireNonNull(applicationId, "applicationId");
    requireNonNull(url, "url");
    requireNonNull(failure, "failure");
    requireNonNull(bundle, "bundle");
    requireNonNull(owner, "owner");
    if (state.isFinal() != endTime.isPresent()) {
      throw new IllegalArgumentException("a context has an end time exactly when it is final");
    }
  }

  /** A context that was just asked for. */
  public static Context started(
      String id,
      String name,
      String factory,
      String settings,
      Instant startTime,
      String bundle,
      String owner) {
    return new Context(
        id,
        name,
        factory,
        settings,
        startTime,
        Optional.empty(),
        ContextState.STARTED,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        bundle,
        owner);
  }

  /** This context once Spark's application is up. */
  public Context running(String applicationId, Optional<String> url) {
    return new Context(
        id,
        name,
        factory,
        settings,
        startTime,
        Optional.empty(),
        ContextState.RUNNING,
        Optional.of(applicationId),
        url,
        Optional.empty(),
        bundle,
        owner);
  }

  /** This context once it was asked to stop. */
  public Context stopping() {
    return new Context(
        id,
        name,
        factory,
        settings,
        startTime,
        Optional.empty(),
        ContextState.STOPPING,
        applicationId,
        url,
        Optional.empty(),
        bundle,
        owner);
  }

  /**
   * This context at its end.
   *
   * @param end a final state
   */
  public Context ended(ContextState end, Instant time, Optional<Failure> why) {
    return new Context(
        id,
        name,
        factory,
        settings,
        startTime,
        Optional.of(time),
        end,
        applicationId,
        url,
        why,
        bundle,
        owner);
  }

  /** For whom Spark acts in it, where its settings name somebody. */
  public Optional<String> proxyUser() {
    try {
      Config wanted =
          ConfigFactory.parseString(
              settings, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
      return wanted.hasPath(PROXY_USER)
          ? Optional.of(wanted.getString(PROXY_USER))
          : Optional.empty();
    } catch (ConfigException e) {
      return Optional.empty(); // refused when contexts are made, and no driver starts with it
    }
  }
}
