package spark.jobserver.core.posted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import spark.jobserver.api.server.JobserverException;

/** What {@link HoconLikeTheLibraryTest} leaves open. */
class HoconResolverTest {
  private static HoconValue.Members resolved(String posted) {
    return HoconResolver.resolve(posted, HoconParser.parse(posted));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // The library forgets what was inherited.
        "b{o=[1]},j=${b},j.o+=2                 | `b`:{`o`:[1]},`j`:{`o`:[1,2]}",
        "b{o=[1]},j=${b},j.o+=2,j.o+=3          | `b`:{`o`:[1]},`j`:{`o`:[1,2,3]}",
        "b{o=[1]},j=${b}{o+=2,o+=3}             | `b`:{`o`:[1]},`j`:{`o`:[1,2,3]}",
        "b{o=x},j=${b},j{o=${j.o}y}             | `b`:{`o`:`x`},`j`:{`o`:`xy`}",
        "b{o=[1],o+=2},j=${b},j.o+=3            | `b`:{`o`:[1,2]},`j`:{`o`:[1,2,3]}",
        // It takes for a circle what is none.
        "j=${b}{host=h},b{url=x${j.host}}       | `b`:{`url`:`xh`},`j`:{`host`:`h`,`url`:`xh`}",
        "j=${b},b{url=x${j.host},host=h}        | `b`:{`host`:`h`,`url`:`xh`},`j`:{`host`:`h`,`url`:`xh`}",
        // Its answer depends on the order of a hash table.
        "x=[1],x=${y}[2],y=${x}                 | `x`:[1,2],`y`:[1,2]",
        "x=[1],y=[${x}],x=${y}[2]               | `x`:[[1],2],`y`:[[[1],2]]",
        // It takes white space beside nothing for text.
        "l=[1],a=${?x} ${l}                     | `a`:[1],`l`:[1]"
      })
  void resolves_what_the_library_does_not(String posted, String json) {
    assertThat(PostedConfig.json(PostedConfig.parse(posted)))
        .isEqualTo("{" + json.replace('`', '"') + "}");
  }

  @Test
  void says_which_substitution_is_a_circle() {
    assertThatThrownBy(() -> PostedConfig.parse("a = ${b}\nb = [x, ${c}]\nc = {d = ${a}}"))
        .hasMessage(
            "Cannot parse config: line 3: ${a} refers to an object or a list that it is part of");
    assertThatThrownBy(() -> PostedConfig.parse("c = ${d}{x = 1}\nd.e.c = ${?d}"))
        .hasMessage("Cannot parse config: what a substitution puts at 'c.e.c.e' is part of itself");
  }

  @Test
  void knows_the_size_of_what_it_resolved() {
    Random random = new Random(4_711);
    int read = 0;
    for (int i = 0; i < 5_000; i++) {
      String text = HoconTexts.definitions(random, true);
      try {
        HoconValue.Members object = resolved(text);
        assertThat(object.characters())
            .as(text)
            .isEqualTo(PostedConfig.json(PostedConfig.parse(text)).length());
        assertThat(object.size()).as(text).isEqualTo(size(object));
        read++;
      } catch (JobserverException e) {
        assertThat(e).hasMessageStartingWith("Cannot parse config: line ");
      }
    }
    assertThat(read).isGreaterThan(1_000);
  }

  private static int size(HoconValue value) {
    if (value instanceof HoconValue.Items items) {
      return 1 + items.values().stream().mapToInt(HoconResolverTest::size).sum();
    }
    return value instanceof HoconValue.Members object
        ? 1 + object.keys().stream().mapToInt(key -> 1 + size(object.get(key))).sum()
        : 1;
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void ends_whatever_the_substitutions_lead_to() {
    Random random = new Random(815);
    int read = 0;
    for (int i = 0; i < 3_000; i++) {
      String text = HoconTexts.circles(random);
      try {
        assertThat(PostedConfig.json(PostedConfig.parse(text))).startsWith("{");
        read++;
      } catch (JobserverException e) {
        assertThat(e).as(text).hasMessageStartingWith("Cannot parse config: ");
      }
    }
    assertThat(read).isGreaterThan(100);
  }
}
