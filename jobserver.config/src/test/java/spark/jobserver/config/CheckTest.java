package spark.jobserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static spark.jobserver.config.Samples.merge;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckTest {
  private static final String REFERENCE =
      """
      spark.jobserver {
        count = 8
        ratio = 0.5
        on = true
        time = 10 s
        size = 1 GiB
        either = 512m
        name = "x y"
        list = []
        block { inner = 1 }
        free {}
        unset = null
      }
      spark.memory = 512m
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          count = "9"
          ratio = 2
          on    = "yes"
          time  = 5 minutes
          time  = 40
          size  = 512k
          either = 2 GiB
          either = 3 h
          name  = 7
          list  = [1, {a = 1}]
          block { inner = 2 }
          free { anything { goes = [1] } }
          unset = { a = 1 }
          """)
  void acceptsWhatCanBeRead(String line) {
    assertThat(wrong(line)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          count = many       | count must be a whole number
          count = 1.5        | count must be a whole number
          count = [1]        | count must be a whole number
          count = null       | count must be a whole number
          ratio = half       | ratio must be a number
          on = perhaps       | on must be true or false
          time = soon        | time must be a duration, such as "10 s"
          time = 3 GiB       | time must be a duration, such as "10 s"
          size = 3 h         | size must be a size, such as "1 GiB"
          either = 3 pieces  | either must be a duration, such as "512m"
          name = [a]         | name must be a single value
          name { a = 1 }     | name must be a single value
          list = a           | list must be a list: [ ... ]
          block = 1          | block must be a block: { ... }
          block.inner = x    | block.inner must be a whole number
          free = x           | free must be a block: { ... }
          """)
  void saysWhatAKeyMustBe(String line, String words) {
    assertThat(wrong(line)).containsExactly("jobserver.conf: 2: spark.jobserver." + words);
  }

  @Test
  void neverTellsTheValue() {
    assertThat(wrong("count = s3cret").toString()).doesNotContain("s3cret");
  }

  @Test
  void leavesAmountsThatAreSparksToSpark() {
    Check check = Check.of(merge("spark.memory = 1 elephant", REFERENCE));
    assertThat(check.wrong()).isEmpty();
  }

  @Test
  void findsKeysOfOursThatNobodyKnowsAndNamesTheNearest() {
    assertThat(unknown("cuont = 9"))
        .containsExactly(
            "jobserver.conf: 2: spark.jobserver.cuont is not known and does nothing;"
                + " did you mean spark.jobserver.count?");
    assertThat(unknown("block { iner = 9 }"))
        .singleElement()
        .asString()
        .endsWith("did you mean spark.jobserver.block.inner?");
    assertThat(unknown("filedao { rootdir = /x, other = 1 }"))
        .containsExactly(
            "jobserver.conf: 2: spark.jobserver.filedao is not known and does nothing");
    assertThat(unknown("free { whatever = 1 }")).isEmpty();
  }

  @Test
  void leavesKeysAloneThatAreNotOurs() {
    assertThat(Check.of(merge("akka.loglevel = x, spark.other = 1", REFERENCE)).unknown())
        .isEmpty();
  }

  @Test
  void findsThatTheWholeBlockIsNone() {
    Check check = Check.of(merge("spark.jobserver = 1", REFERENCE));
    assertThat(messages(check.wrong()))
        .containsExactly("jobserver.conf: 1: spark.jobserver must be a block: { ... }");
  }

  @Test
  void countsLettersThatDiffer() {
    assertThat(Check.distance("port", "port")).isZero();
    assertThat(Check.distance("prot", "port")).isEqualTo(2);
    assertThat(Check.distance("", "port")).isEqualTo(4);
    assertThat(Check.distance("ports", "port")).isEqualTo(1);
  }

  private static List<String> wrong(String line) {
    return messages(check(line).wrong());
  }

  private static List<String> unknown(String line) {
    return messages(check(line).unknown());
  }

  private static Check check(String line) {
    return Check.of(merge("spark.jobserver {\n" + line + "\n}", REFERENCE));
  }

  private static List<String> messages(List<Check.Finding> findings) {
    return findings.stream().map(Check.Finding::message).toList();
  }
}
