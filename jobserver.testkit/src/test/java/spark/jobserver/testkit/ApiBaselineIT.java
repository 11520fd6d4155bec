package spark.jobserver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import aQute.bnd.differ.Baseline;
import aQute.bnd.differ.DiffPluginImpl;
import aQute.bnd.osgi.Domain;
import aQute.bnd.osgi.Instructions;
import aQute.bnd.osgi.Jar;
import aQute.bnd.osgi.Processor;
import aQute.bnd.service.diff.Delta;
import aQute.bnd.service.diff.Diff;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What extension authors use is compatible with the last release, or its version says that not. */
class ApiBaselineIT {
  private static final String HOW =
      """
      Bundles that were built with the last release would not work with this, though the versions of
      these packages say that they do. Take the change back, or give the package the version that is
      named, in its package-info.java. Before the first release the jars may be renewed instead:
      cnf/baseline/README.md.
      """;

  @ParameterizedTest
  @ValueSource(strings = {"jobserver.api", "jobserver.context.python", "jobserver.testkit"})
  void theApiIsCompatibleWithTheLastRelease(String name) throws Exception {
    Path built = new ClassPathBundles(getClass().getClassLoader()).jar(name);
    try (Jar newer = new Jar(built.toFile());
        Jar older = released(name)) {
      List<String> complaints = complaints(newer, older);
      assertThat(complaints).as(HOW + String.join("\n", complaints)).isEmpty();
    }
  }

  @Test
  void whatIsTakenAwayBreaksBundles() throws Exception {
    try (Jar newer = released("jobserver.api");
        Jar older = released("jobserver.api")) {
      newer.remove("spark/jobserver/api/dao/JobDao.class");
      assertThat(complaints(newer, older))
          .singleElement()
          .asString()
          .startsWith("spark.jobserver.api.dao is 1.0.0, must be 2.0.0: ")
          .contains("REMOVED INTERFACE spark.jobserver.api.dao.JobDao");
    }
  }

  @Test
  void whatIsAddedNeedsAMinorVersion() throws Exception {
    try (Jar newer = released("jobserver.api");
        Jar older = released("jobserver.api")) {
      older.remove("spark/jobserver/api/NamedObject.class");
      assertThat(complaints(newer, older))
          .singleElement()
          .asString()
          .startsWith("spark.jobserver.api is 1.0.0, must be 1.1.0: ")
          .contains("ADDED CLASS spark.jobserver.api.NamedObject");
    }
  }

  @Test
  void aPackageThatIsNotExportedAnyMoreIsMissed() throws Exception {
    try (Jar newer = released("jobserver.context.python");
        Jar older = released("jobserver.api")) {
      assertThat(complaints(newer, older))
          .hasSize(4)
          .contains("spark.jobserver.api.context is not exported any more");
    }
  }

  private static Jar released(String name) throws IOException {
    return new Jar(Path.of("..", "cnf", "baseline", name + ".jar").toFile());
  }

  /** What is wrong with the packages of the older jar, in the newer. */
  private static List<String> complaints(Jar newer, Jar older) throws Exception {
    Set<String> packages = Domain.domain(older.getManifest()).getExportPackage().keySet();
    assertThat(packages).isNotEmpty();
    List<String> complaints = new ArrayList<>();
    try (Processor processor = new Processor()) {
      for (Baseline.Info info :
          new Baseline(processor, new DiffPluginImpl())
              .baseline(newer, older, new Instructions(String.join(",", packages)))) {
        if (info.packageDiff.getDelta() == Delta.REMOVED) {
          complaints.add("%s is not exported any more".formatted(info.packageName));
        } else if (packages.contains(info.packageName) && info.mismatch) {
          complaints.add(
              "%s is %s, must be %s: %s"
                  .formatted(
                      info.packageName,
                      info.newerVersion,
                      info.suggestedVersion,
                      changes(info.packageDiff)));
        }
      }
    }
    return complaints;
  }

  /** What was added, removed or changed, without what is in it. */
  private static List<String> changes(Diff diff) {
    List<String> changes = new ArrayList<>();
    for (Diff child : diff.getChildren()) {
      Delta delta = child.getDelta();
      if (delta == Delta.ADDED || delta == Delta.REMOVED) {
        changes.add("%s %s %s".formatted(delta, child.getType(), child.getName()));
      } else if (delta != Delta.UNCHANGED && delta != Delta.IGNORED) {
        changes(child).forEach(one -> changes.add(child.getName() + ": " + one));
      }
    }
    return changes;
  }
}
