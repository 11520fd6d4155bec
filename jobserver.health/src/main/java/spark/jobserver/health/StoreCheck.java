package spark.jobserver.health;

import static org.osgi.service.component.annotations.ReferenceCardinality.OPTIONAL;
import static org.osgi.service.component.annotations.ReferencePolicy.DYNAMIC;
import static org.osgi.service.component.annotations.ReferencePolicyOption.GREEDY;

import java.util.Optional;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.server.Health;
import spark.jobserver.api.server.Store;

/** Whether the store answers, and the core is there that uses it. */
@Component(property = {HealthCheck.NAME + "=store", HealthCheck.TAGS + "=" + PublishedChecks.READY})
public final class StoreCheck implements HealthCheck {
  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Health health;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Store store;

  @Override
  public Result execute() {
    Health now = health;
    if (now == null) {
      String why =
          Optional.ofNullable(store).flatMap(Store::problem).orElse("The core is not there");
      return new Result(Result.Status.TEMPORARILY_UNAVAILABLE, why);
    }
    return now.problem()
        .map(problem -> new Result(Result.Status.CRITICAL, problem))
        .orElseGet(() -> new Result(Result.Status.OK, "The store answers"));
  }
}
