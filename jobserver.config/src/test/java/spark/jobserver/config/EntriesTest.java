package spark.jobserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static spark.jobserver.config.Samples.merge;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EntriesTest {
  @Test
  void makesAnEntryOfEachBlockWithKeysJoinedByDots() {
    Map<String, Map<String, Object>> entries =
        entries(
            "spark.jobserver.dao { pool.size = 9, wait = 5 s }",
            "spark.jobserver { dao { pool { size = 8, name = p }, wait = 30 s, ratio = 0.50 } }");
    assertThat(entries).containsOnlyKeys("spark.jobserver.dao");
    assertThat(entries.get("spark.jobserver.dao"))
        .containsOnly(
            Map.entry("pool.size", "9"),
            Map.entry("pool.name", "p"),
            Map.entry("wait", "5 s"),
            Map.entry("ratio", "0.50"));
  }

  @Test
  void makesListsArraysOfStrings() {
    Map<String, Object> entry =
        entries("", "spark.jobserver.a { some = [x, 2, {k = v}], none = [] }")
            .get("spark.jobserver.a");
    assertThat(entry.get("some")).isEqualTo(new String[] {"x", "2", "{\"k\":\"v\"}"});
    assertThat(entry.get("none")).isEqualTo(new String[0]);
  }

  @Test
  void givesSingleValuesToTheCore() {
    Map<String, Map<String, Object>> entries =
        entries(
            "spark.jobserver { max-jobs-per-context = 4, jobdao = \"a.b.Dao(1)\" }",
            """
            spark.jobserver {
              max-jobs-per-context = 8, jobdao = x
              core { lost-after = 5 min }
              driver { abandoned-after = 30 min }
            }""");
    assertThat(entries).containsOnlyKeys("spark.jobserver.core", "spark.jobserver.driver");
    assertThat(entries.get("spark.jobserver.core"))
        .containsOnly(
            Map.entry("max-jobs-per-context", "4"),
            Map.entry("jobdao", "a.b.Dao(1)"),
            Map.entry("lost-after", "5 min"));
  }

  @Test
  void tellsNoKeyThatNoReferenceHas() {
    Map<String, Map<String, Object>> entries =
        entries(
            """
            spark.jobserver {
              secret = a
              sqldao { user = u, jdbc.password = s3cret, url.password = s3cret }
              other.password = s3cret
            }""",
            "spark.jobserver.sqldao { user = \"\", url = \"\" }");
    assertThat(entries.toString()).doesNotContain("s3cret", "secret");
    assertThat(entries.get("spark.jobserver.sqldao")).containsEntry("user", "u");
  }

  @Test
  void tellsAllThatIsBelowABlockThatIsEmptyInTheReference() {
    assertThat(
            entries("spark.jobserver.a.free { x { y = 1 }, z = 2 }", "spark.jobserver.a.free {}"))
        .isEqualTo(Map.of("spark.jobserver.a", Map.of("free.x.y", "1", "free.z", "2")));
  }

  @Test
  void makesNoEntryOfABlockThatIsWrong() {
    Merge merge =
        merge(
            "spark.jobserver { a.n = x, m = y }",
            "spark.jobserver { a { n = 1 }, b { n = 1 }, m = 1, o = 1 }");
    assertThat(Entries.of(merge, Check.of(merge).wrong()))
        .isEqualTo(
            Map.of(
                "spark.jobserver.b", Map.of("n", "1"), "spark.jobserver.core", Map.of("o", "1")));
  }

  private static Map<String, Map<String, Object>> entries(String file, String reference) {
    return Entries.of(merge(file, reference), List.of());
  }
}
