package spark.jobserver.core.posted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.JobserverException;

/** What is refused by its size alone, and that what is not refused does no harm. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PostedLimitsTest {
  private static final String DEEP = "nested too deeply: 200 levels are the most";
  private static final String MULTIPLY = "its substitutions multiply";
  private static final String VALUES = "has more than 1000000 values and keys, which are the most";
  private static final String GROWN_VALUES = "has more than 100000 values and keys";
  private static final String GROWN_CHARACTERS = "has more than 1048576 characters";
  private static final String CHARACTERS = "has more than 16777216 characters, which are the most";

  private static String lines(int count, IntFunction<String> line) {
    return IntStream.range(0, count).mapToObj(line).collect(Collectors.joining("\n"));
  }

  private static void refused(String posted, String why) {
    assertThatThrownBy(() -> PostedConfig.parse(posted))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith("Cannot parse config: ")
        .hasMessageContaining(why);
  }

  private static int characters(String posted) {
    return PostedConfig.json(PostedConfig.parse(posted)).length();
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 5_000, 20_000, 1_000_000})
  void refuses_what_is_nested_too_deeply(int levels) {
    refused("a=" + "[".repeat(levels) + "]".repeat(levels), DEEP);
    refused("a" + "{a".repeat(levels) + "=1" + "}".repeat(levels), DEEP);
    refused("a" + ".a".repeat(levels) + "=1", DEEP);
    refused("a=[{" + "a.".repeat(levels) + "a=1}]", DEEP);
    refused("b=1,a=${?b" + ".a".repeat(levels) + "}", DEEP);
    refused("a=" + "[".repeat(levels), DEEP);
    refused("a.b.c".repeat(levels / 5) + "[[[=" + "[".repeat(levels), "Cannot parse config");
  }

  @Test
  void refuses_what_is_nested_too_deeply_by_paths_and_brackets_together() {
    refused("a" + ".a".repeat(100) + "{b" + ".b".repeat(100) + "=1}", DEEP);
    refused("a" + ".a".repeat(100) + "=" + "[".repeat(100) + "]".repeat(100), DEEP);
  }

  @Test
  void refuses_what_substitutions_nest_too_deeply() {
    String posted = "a0{x=1}\n" + lines(250, i -> "a" + (i + 1) + "{x=${a" + i + "}}");

    refused(posted, DEEP);
  }

  @Test
  void two_hundred_levels_are_fine_on_a_stack_of_the_usual_size() throws Exception {
    assertThat(onStack("a=" + "[".repeat(199) + "]".repeat(199))).isPresent();
    assertThat(onStack("a" + "{a".repeat(198) + "=1" + "}".repeat(198))).isPresent();
    assertThat(onStack("a" + ".a".repeat(198) + "=1,b=${a" + ".a".repeat(198) + "}")).isPresent();
  }

  @Test
  void a_hundred_substitutions_in_a_row_are_fine_on_a_stack_of_the_usual_size() throws Exception {
    assertThat(onStack(lines(99, i -> "a" + (99 - i) + "=${a" + (98 - i) + "}") + "\na0=1"))
        .isPresent();
    assertThat(
            onStack(
                lines(
                        99,
                        i ->
                            "a%1$d{x=1}\na%1$d=${a%1$d}{x=[${?a%2$d.x}]}".formatted(99 - i, 98 - i))
                    + "\na0.x=1"))
        .isPresent();
  }

  /** Reads on the stack that a thread of the server has, less some. */
  private static Optional<String> onStack(String posted) throws InterruptedException {
    AtomicReference<String> json = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> json.set(PostedConfig.json(PostedConfig.parse(posted))),
            "reading",
            768 * 1024);
    thread.start();
    thread.join();
    return Optional.ofNullable(json.get());
  }

  @Test
  void refuses_substitutions_that_lead_on_and_on() {
    refused(
        lines(1_000, i -> "a" + (1_000 - i) + "=${a" + (999 - i) + "}") + "\na0=1",
        "more than 100 substitutions");
    refused(lines(100_000, i -> "a=${?b" + i + "}"), "more than 100 substitutions");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a0=[1,1]   | a%2$d=${a%1$d} ${a%1$d}          | " + GROWN_VALUES,
        "a0=[1,1]   | a%2$d=${a%1$d}${a%1$d}           | " + GROWN_VALUES,
        "a0=[1,1]   | a%2$d=[${a%1$d},${a%1$d}]        | " + GROWN_VALUES,
        "a0=[1,1]   | a%2$d=[0]${a%1$d}${?b}${?a%1$d}  | " + GROWN_VALUES,
        "a0{k=1}    | a%2$d={x=${a%1$d},y=${a%1$d}}    | " + GROWN_VALUES,
        "a0{k=1}    | a%2$d={x=[${a%1$d}],y=${?a%1$d}} | " + GROWN_VALUES,
        "a0=lol     | a%2$d=${a%1$d}${a%1$d}           | " + GROWN_CHARACTERS,
        "a0=lol     | a%2$d=x ${a%1$d} y ${?a%1$d} z   | " + GROWN_CHARACTERS,
        "a=[1]      | a=${a} ${a}                      | " + GROWN_VALUES,
        "a=[1]      | a=${?a}${?a}[2]                  | " + GROWN_VALUES,
        "a=lol      | a=${a}${a}                       | " + GROWN_CHARACTERS,
        "a{x=1}     | a={y=1}${a}{x=${a},z=${a}}       | " + GROWN_VALUES,
        "a=[1],b=[1]| a=${b}${a},b=${a}${b}            | " + GROWN_VALUES,
        "a{k0=[1]}  | b=${a},a.k%2$d=${b.k%1$d}${a.k%1$d} | " + GROWN_VALUES,
        "a{k0=[1]}  | a.k%2$d=${a.k%1$d}${a.k%1$d}     | " + GROWN_VALUES,
        "a.\"k.0\"=[1]| \"a\".\"k.%2$d\"=${\"\\u0061\".\"k.%1$d\"}${a.\"k.%1$d\"} | " + GROWN_VALUES
      })
  void refuses_substitutions_that_multiply(String first, String line, String why) {
    String posted = first + "\n" + lines(60, i -> line.formatted(i, i + 1));

    assertThat(posted.length()).isLessThan(4_000);
    refused(posted, why);
  }

  @Test
  void a_few_hundred_characters_do_not_become_a_million_values() {
    String posted = "a0=[1,1]\n" + lines(20, i -> "a%2$d=${a%1$d} ${a%1$d}".formatted(i, i + 1));

    assertThat(posted.length()).isLessThan(400);
    refused(posted, GROWN_VALUES);
  }

  @Test
  void refuses_what_grows_to_many_times_its_size() {
    String text = "a=" + "x".repeat(500_000);

    assertThat(characters(text + "\nb=[" + "${a},".repeat(6) + "]")).isGreaterThan(3_500_000);
    refused(text + "\nb=[" + "${a},".repeat(9) + "]", "has more than 4000");
  }

  @Test
  void refuses_what_refers_to_everything_else() {
    String posted =
        lines(12, i -> "x" + i + "=" + lines(12, j -> "${?x" + j + "}").replace("\n", ""));

    refused(posted, MULTIPLY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a=${a}{x%d=1}", "a={x%d=1}${?a}", "a=${a}\na.x%d=1", "a.x%d=1\na=${?b}"})
  void an_object_may_grow_by_a_key_many_times(String line) {
    assertThat(PostedConfig.parse("a{}\n" + lines(90, line::formatted)).getConfig("a").root())
        .hasSize(90);
  }

  @Test
  void refuses_objects_that_are_put_together_of_objects_again_and_again() {
    refused(
        "p0{k=1},q0{l=1}\n"
            + lines(60, i -> "p%2$d=${p%1$d}${q%1$d},q%2$d=${q%1$d}${p%1$d}".formatted(i, i + 1)),
        "an object is put together of more than 200 others");
    String wide = lines(20_000, i -> "k" + i + "=1");
    refused(
        "b{" + wide + "}\n" + lines(20, i -> "j" + i + "=" + "${b}{x=1}".repeat(50)),
        "values and keys");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a=${?a}${?a}", "a=${?a}", "a=${?b}${?b}", "a={x=${?a}}", "a=${?a}{}"})
  void what_is_nothing_costs_nothing(String line) {
    assertThat(characters(lines(90, i -> line))).isLessThan(20);
  }

  @Test
  void refuses_more_values_than_a_million() {
    refused("a=[" + "1,".repeat(1_000_000) + "]", VALUES);
    refused("a=[" + "[]\n".repeat(1_000_000) + "]", VALUES);
    refused("a=[" + "{},".repeat(1_000_000) + "]", VALUES);
    refused(lines(500_001, i -> "a" + i + "=1"), VALUES);
    refused(lines(350_000, i -> "a.b." + i + "=1"), VALUES);
    refused("a=1\nb=" + "${a}".repeat(1_000_000), VALUES);
  }

  @Test
  void an_array_of_almost_a_million_values_is_fine() {
    assertThat(characters("a=[" + "1,".repeat(990_000) + "]")).isEqualTo(2 * 990_000 + 7);
  }

  @Test
  void refuses_more_characters_than_the_link_carries() {
    refused("a=" + "x".repeat(17_000_000), CHARACTERS);
    refused("a=\"\"\"" + "\n".repeat(9_000_000) + "\"\"\"", CHARACTERS);
    refused("a=\"\"\"" + "\0".repeat(3_000_000) + "\"\"\"", CHARACTERS);
    refused("a=" + "x".repeat(2_100_000) + "\nb=[" + "${a},".repeat(10) + "]", CHARACTERS);
  }

  @Test
  void the_json_of_what_was_merged_is_limited_too() {
    Config large = PostedConfig.parse("a=" + "x".repeat(9_000_000));
    Config both = large.withFallback(PostedConfig.parse("b=" + "y".repeat(9_000_000)));

    assertThatThrownBy(() -> PostedConfig.json(both))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining(CHARACTERS);
  }

  @Test
  void refuses_a_number_of_a_million_digits() {
    refused("a=1." + "1".repeat(1_000_000), "must be in quotes, as text");
    refused("a=1e+" + "1".repeat(1_000_000), "must be in quotes, as text");
    assertThat(characters("a=" + "1".repeat(1_000_000))).isEqualTo(1_000_008);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "100000  | a.b=1        | {'a':{'b':1}}",
        "100000  | a=[1]        | {'a':[1]}",
        "100000  | a {b=1}#c    | {'a':{'b':1}}",
        "1000000 | #            | {}",
        "1000000 | //           | {}",
        "100     | a+=1         | {'a':[" + "1"
      })
  void many_lines_of_little_are_fine(int count, String line, String json) {
    assertThat(PostedConfig.json(PostedConfig.parse(lines(count, i -> line))))
        .startsWith(json.replace('\'', '"'));
  }

  @Test
  void what_the_library_would_take_minutes_for_is_fine() {
    assertThat(characters(lines(50_000, i -> "a.b" + i + "=1"))).isEqualTo(538_897);
    assertThat(characters("a=" + "x ".repeat(500_000) + "y")).isEqualTo(1_000_009);
    assertThat(characters("a=" + "[1]".repeat(100_000))).isEqualTo(200_007);
    assertThat(characters("a=" + "true".repeat(500_000))).isEqualTo(2_000_008);
    assertThat(characters("a=[${?b}" + ",1".repeat(300_000) + "]")).isEqualTo(600_007);
    assertThat(characters("x=y\n" + lines(50_000, i -> "a" + i + "=${x}"))).isEqualTo(638_899);
    assertThat(characters(" \n".repeat(8_000_000) + "a=1")).isEqualTo(7);
    assertThat(characters(lines(20, i -> "1".repeat(100_000) + i + "=1"))).isEqualTo(2_000_131);
  }

  @Test
  void long_keys_and_texts_are_fine() {
    String key = "k".repeat(4_000_000);

    assertThat(PostedConfig.parse(key + "=1,b=${" + key + "}").getInt("b")).isEqualTo(1);
  }
}
