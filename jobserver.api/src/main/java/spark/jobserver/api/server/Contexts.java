package spark.jobserver.api.server;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Context;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.NamedObject;

/** The contexts. */
@ProviderType
public interface Contexts {
  /**
   * The contexts as somebody sees them: what the caller makes is its own, and for a caller that may
   * see its own only, those of others are not there. Their names are taken nonetheless.
   */
  Contexts of(Caller caller);

  /** The names of the contexts that run or are stopping, the latest first. */
  List<String> names();

  /** The latest context of a name, final ones too. */
  Optional<Context> find(String name);

  /** How the driver of a context came to be, as long as the context is not final. */
  Optional<DriverStart> start(String contextId);

  /**
   * What the jobs of a context share by name at this moment.
   *
   * @return the objects in the order of their names; or fails with {@link ErrorCode#UNAVAILABLE}
   *     when the context's driver is out of reach or does not answer, and with {@link
   *     ErrorCode#CONTEXT_NOT_FOUND} when the context ends meanwhile
   * @throws JobserverException {@link ErrorCode#CONTEXT_NOT_FOUND} when no context of that name is
   *     live
   */
  CompletionStage<List<NamedObject>> namedObjects(String name);

  /**
   * Makes a context.
   *
   * @param parameters settings by path, as strings; they win over the server's own
   * @param body HOCON, of which the block {@code spark.context-settings} counts; it wins over the
   *     parameters; may be empty
   * @return the context once it runs, or fails with {@link ErrorCode#CONTEXT_INIT}; it is on record
   *     either way
   * @throws JobserverException {@link ErrorCode#CONTEXT_NAME}, {@link ErrorCode#CONTEXT_EXISTS},
   *     {@link ErrorCode#TOO_MANY_CONTEXTS}, {@link ErrorCode#CONFIG}, {@link
   *     ErrorCode#IMPERSONATION}, or {@link ErrorCode#BINARY_NOT_FOUND} for one that its jobs
   *     depend on; nothing is on record then
   */
  CompletionStage<Context> create(String name, Map<String, String> parameters, String body);

  /**
   * Stops a context, its jobs and its processes.
   *
   * @return the final context, once it is final
   * @throws JobserverException {@link ErrorCode#CONTEXT_NOT_FOUND}
   */
  CompletionStage<Context> stop(String name);

  /**
   * Stops all contexts, then makes those of the server's configuration again ({@code
   * spark.contexts}).
   *
   * @return completes when that is done; contexts that cannot be made are in the log
   */
  CompletionStage<Void> reset();
}
