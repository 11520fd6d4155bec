package spark.jobserver.rest;

import static org.osgi.service.component.annotations.ReferenceCardinality.OPTIONAL;
import static org.osgi.service.component.annotations.ReferencePolicy.DYNAMIC;
import static org.osgi.service.component.annotations.ReferencePolicyOption.GREEDY;

import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ContextFactories;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.Counters;
import spark.jobserver.api.server.DataFiles;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Health;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.api.server.Store;

/**
 * The services that answers are made of, as they are at this moment. They come and go (a store that
 * is replaced, an update of the core) while the resources stay, so that a client is told 503, try
 * again, and never that a route does not exist.
 *
 * <p>Each method may be called from any thread and throws {@link ErrorCode#UNAVAILABLE} while its
 * service is not there.
 */
@Component(service = Core.class, immediate = true)
public final class Core {
  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Binaries binaries;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Contexts contexts;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Jobs jobs;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile ContextFactories contextFactories;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Health health;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile DataFiles dataFiles;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Counters counters;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Plugins plugins;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Store store;

  /** The binaries as a caller may change them. */
  Binaries binaries(Caller caller) {
    return stored(binaries, "binaries").of(caller);
  }

  /** The contexts that a caller may see. */
  Contexts contexts(Caller caller) {
    return stored(contexts, "contexts").of(caller);
  }

  /** The jobs that a caller may see. */
  Jobs jobs(Caller caller) {
    return stored(jobs, "jobs").of(caller);
  }

  /** All jobs: for questions about one that a caller was found to see. */
  Jobs jobs() {
    return stored(jobs, "jobs");
  }

  ContextFactories contextFactories() {
    return available(contextFactories, "context factories");
  }

  /** What is wrong, as the core sees it; not that it waits for its store, for that may come. */
  Optional<String> problem() {
    Health now = health;
    return now == null && storeProblem().isPresent()
        ? Optional.empty()
        : available(now, "health").problem();
  }

  private Optional<String> storeProblem() {
    return Optional.ofNullable(store).flatMap(Store::problem);
  }

  Plugins plugins() {
    return available(plugins, "plugins");
  }

  DataFiles dataFiles() {
    return available(dataFiles, "data files");
  }

  /** What the core has counted; nothing while it is not there. */
  Map<String, Long> counters() {
    Counters now = counters;
    return now == null ? Map.of() : now.counters();
  }

  private <T> T stored(T service, String noun) {
    Optional<String> problem = service == null ? storeProblem() : Optional.empty();
    if (problem.isPresent()) {
      throw new JobserverException(ErrorCode.UNAVAILABLE, problem.get());
    }
    return available(service, noun);
  }

  private static <T> T available(T service, String noun) {
    return Optional.ofNullable(service)
        .orElseThrow(
            () ->
                new JobserverException(
                    ErrorCode.UNAVAILABLE,
                    "The service for " + noun + " is not available now. Try again."));
  }
}
