package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.server.Caller;

class PermissionsTest {
  @ParameterizedTest
  @CsvSource({
    "GET, /binaries, binaries:read",
    "HEAD, /binaries/x, binaries:read",
    "POST, /binaries/x, binaries:upload",
    "DELETE, /binaries/x, binaries:delete",
    "PUT, /binaries/x, *",
    "GET, /contexts/x/objects, contexts:read",
    "POST, /contexts/x, contexts:start",
    "DELETE, /contexts/x, contexts:delete",
    "PUT, /contexts, contexts:reset",
    "GET, /jobs, jobs:read",
    "OPTIONS, /jobs, jobs:read",
    "GET, /jobs/x/log, jobs:read",
    "POST, /jobs, jobs:start",
    "DELETE, /jobs/x, jobs:delete",
    "PATCH, /jobs/x, *",
    "TRACE, /jobs/x, *",
    "GET, /data, data:read",
    "POST, /data/x, data:upload",
    "DELETE, /data/a%2Fb, data:delete",
    "PUT, /data, data:reset",
    "GET, /metricz, metrics:read",
    "GET, /metrics, metrics:read",
    "GET, /readyz/checks, metrics:read",
    "GET, /status, contexts:read",
    "GET, /context-factories, factories:read",
    "GET, /plugins/x, plugins:read",
    "PUT, /plugins/x, plugins:install",
    "POST, /plugins/x/rollback, plugins:install",
    "DELETE, /plugins/x, plugins:remove",
    "GET, /plugin/jobs, plugins:use",
    "DELETE, /Jobs/x, plugins:use",
    "GET, /jobs.txt, plugins:use",
    "POST, /, *",
    "DELETE, /healthz, *"
  })
  void eachRequestNeedsItsPermission(String method, String uri, String permission) {
    assertThat(Permissions.needed(method, uri)).contains(permission);
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /binaries/x, binaries:upload:own",
    "DELETE, /binaries/x, binaries:delete:own",
    "GET, /contexts, contexts:read:own",
    "GET, /contexts/x/objects, contexts:read:own",
    "DELETE, /contexts/x, contexts:delete:own",
    "GET, /jobs/x/log, jobs:read:own",
    "POST, /jobs, jobs:start:own",
    "DELETE, /jobs/x, jobs:delete:own"
  })
  void whoMayForItsOwnOnlyPassesAsSuch(String method, String uri, String permission) {
    assertThat(Permissions.check(known(permission), method, uri))
        .isEqualTo(new Caller("ada", true, false));
    String all = permission.replace(":own", "");
    assertThat(Permissions.check(known(all, permission), method, uri))
        .isEqualTo(new Caller("ada", false, false));
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /status, contexts:read:own",
    "GET, /data, data:read:own",
    "PUT, /contexts, contexts:reset:own",
    "POST, /contexts/x, contexts:start:own",
    "GET, /binaries, binaries:read:own",
    "GET, /metrics, metrics:read:own",
    "GET, /plugin, plugins:use:own",
    "GET, /plugin/jobs, jobs:read:own",
    "GET, /jobs/../plugin, jobs:read:own",
    "POST, /jobs, jobs:read:own"
  })
  void nobodyElseKnowsWhoseSomethingIs(String method, String uri, String permission) {
    assertThatThrownBy(() -> Permissions.check(known(permission), method, uri))
        .isInstanceOf(Refusal.class);
  }

  @Test
  void aCallerNamesOthersByAPermissionOfItsOwn() {
    assertThat(Permissions.check(known("jobs", "impersonation:any"), "GET", "/jobs"))
        .isEqualTo(new Caller("ada", false, true));
  }

  @Test
  void whereNobodyIsAskedNobodyIsKnown() {
    Identity anybody = new Identity("everybody", "none", Set.of("*"), true);
    assertThat(Permissions.check(anybody, "GET", "/jobs")).isEqualTo(Caller.SERVER);
    Identity some = new Identity("everybody", "none", Set.of("jobs:read:own"), true);
    assertThat(Permissions.check(some, "GET", "/jobs"))
        .isEqualTo(new Caller("everybody", true, false));
  }

  private static Identity known(String... permissions) {
    return new Identity("ada", "token", Set.of(permissions), false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/docs/api", "/healthz", "/html/index.html", "/openapi.json"})
  void whoeverIsKnownMayReadOfTheServerItself(String uri) {
    assertThat(Permissions.needed("GET", uri)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/plugin/../jobs",
        "/jobs/../plugin",
        "/jobs/%2e%2E/plugin",
        "/docs/%u002e%u002e/plugin",
        "/jobs/.%u002E/plugin",
        "/jobs/.%2e/plugin",
        "/jobs/..;x/plugin",
        "/jobs/..%2Fplugin",
        "/jobs/..%5cplugin",
        "/./jobs",
        "//jobs",
        "/%6aobs",
        "/jobs;x",
        "/;/jobs",
        "/jobs%2Fx",
        "http://localhost/jobs",
        "*",
        ""
      })
  void whatMayLeadElsewhereNeedsEverything(String uri) {
    assertThat(Permissions.needed("GET", uri)).contains("*");
  }
}
