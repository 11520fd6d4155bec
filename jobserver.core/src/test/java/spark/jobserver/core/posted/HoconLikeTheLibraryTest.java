package spark.jobserver.core.posted;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.JobserverException;

/** The reader of posted configurations against that of Typesafe Config. */
class HoconLikeTheLibraryTest {
  private static Optional<String> library(String text) {
    try {
      return Optional.of(
          ConfigFactory.parseString(
                  text, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF))
              .resolve(ConfigResolveOptions.noSystem())
              .root()
              .render(ConfigRenderOptions.concise()));
    } catch (ConfigException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> ours(String text) {
    try {
      return Optional.of(PostedConfig.json(PostedConfig.parse(text)));
    } catch (JobserverException e) {
      return Optional.empty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // layout
        "",
        " \n\t\r\n",
        "# c",
        "// c\n#d",
        "\uFEFFa=1",
        "{}",
        "{a=1}",
        " \n{ a : 1 } # c\n",
        "{a=1},",
        "{a=1}{b=2}",
        "[1]",
        "a=1,b=2",
        "a=1\nb=2",
        "a=1,\n\n b=2,",
        "a=1,,b=2",
        ",a=1",
        "a=1\n,b=2",
        "a = 1 # c\n// d\nb = 2 // e",
        "a\n=\n1",
        "a\n{b=1}",
        "a {b=1} {c=1}",
        "a=",
        "a={b=1} {c=1}",
        "a={b=1}\n{c=1}",
        "a=[1]\n[2]",
        "a=[1] [2]",
        "a=[1,]",
        "a=[,]",
        "a=[1,,2]",
        "a=[\n1\n,\n2\n\n3]",
        "a=[1 2, 3 ]",
        "a=[#c\n1#d\n]",
        "a=1}",
        "a={b=1",
        "a=[1",
        "a b",
        "a=b=c",
        "a:b:c",
        "{\"a\":[{\"b\":null},true,-1.5e-3,\"\"]}",
        // keys
        "a.b.c=1",
        "a . b = 1",
        "a b = 1",
        "\"a.b\".c=1",
        "a\"b\"c=1",
        "\"\"=1",
        "a.\"\".b=1",
        "a..b=1",
        ".a=1",
        "a.=1",
        "1.2=3",
        "1e5.x=1",
        "-1=2",
        "true=1",
        "null.false=1",
        "\"a\\u0062\\n\"=1",
        "\"\"\"a\nb\"\"\".c=1",
        "include=1",
        "\"include\"=1",
        "include.x=1",
        "includes=1",
        "a=include",
        "a/b=1",
        "a//b=1",
        "a#b=1",
        "ä.ö=1",
        "a@b=1",
        "a+b=1",
        "5+=1",
        "a5+=1",
        "$a=1",
        "${a}=1",
        // values
        "a=x",
        "a= x  y ",
        "a=\u00a0x\u2007y\u202f",
        "a=x\u2028y",
        "a=x\u0085y",
        "a=x\u001cy",
        "a=x\0y",
        "a=\"x\"",
        "a=\"x\" y \"z\"",
        "a=\"x\"\"y\"",
        "a=\"\"",
        "a=\"\"x",
        "a=\"\"\"\"\"\"",
        "a=\"\"\"x\"\"\"\"\"",
        "a=\"\"\"\\n\n\"\"\"b",
        "a=\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "a=\"\\x\"",
        "a=\"\\u12\"",
        "a=\"x\ny\"",
        "a=\"\t\"",
        "a=\"x",
        "a=\"\"\"x\"\"",
        "a=true",
        "a=trueish",
        "a=true x",
        "a=null",
        "a=nullx",
        "a=false",
        "a=0",
        "a=-0",
        "a=007",
        "a=1.0",
        "a=1.",
        "a=.5",
        "a=1e3",
        "a=1E-3",
        "a=1e+3",
        "a=1e",
        "a=1e+",
        "a=--1",
        "a=-",
        "a=1-1",
        "a=1.2.3",
        "a=10m",
        "a=1 000",
        "a=5+5",
        "a=9223372036854775807",
        "a=9223372036854775808",
        "a=2147483648",
        "a=1e20",
        "a=123456789.123456789",
        "a=1e-400",
        "a='x'",
        "a=http://x",
        "a=/x/y",
        "a=x:y",
        "a=(1)",
        "a=x;y",
        "a=x!",
        "a=x,y",
        // definitions of the same key
        "a=1,a=2",
        "a{b=1},a{c=2}",
        "a{b=1},a.b=2",
        "a=1,a{b=1}",
        "a{b=1},a=2",
        "a{b=1},a=2,a{c=3}",
        "a{b{c=1}},a.b=2,a.b.d=3",
        "a{b=1},a=null,a{c=3}",
        "a=[1],a=[2]",
        "a=[1],a{b=1},a.c=2",
        "a{},a{}",
        // substitutions
        "a=1,b=${a}",
        "b=${a},a=1",
        "a.b=1,c=${a.b}",
        "a=${b}",
        "a=${?b}",
        "a=${?b}x",
        "a=[${?b},1]",
        "a=${b}${c},b=1,c=2",
        "a=${b} ${c},b=1,c=2",
        "a=${?b} ${?c}",
        "a=\"${b}\"",
        "a=${ b },b=1",
        "a=${\"b\"},b=1",
        "a=${b c},b c=1",
        "a=${b.\"c.d\"},b.\"c.d\"=1",
        "a=${b\n},b=1",
        "a=${}",
        "a=${b",
        "a=${?b",
        "a=${ ?b}",
        "a=${b.}",
        "a=1.50,b=${a}x",
        "a=1.50,b=${a}",
        "a=null,b=${a}x",
        "a=true,b=${a}",
        "url=${host}\":\"${port},host=h,port=80",
        "a=[1],b=${a}[2]${a}",
        "a=[1],b=${a} [2] ${a}",
        "a=[1],b=${a}2",
        "a={b=1},c=${a}{d=2}",
        "a={b=1},c={d=2}${a}{b=3}",
        "a={b=1},c=${a}x",
        "a={b=1},c=${a}[1]",
        "a={0=x,1=y},b=${a}[z]",
        "a={1=x,0=y,c=z},b=[]${a}",
        "a={x=1},b=[]${a}",
        "b=[1]{0=2}",
        "a=${b},a=${c},b{x=1},c{y=2}",
        "a=${b},a=5",
        "a=${b},a=[5]",
        "a=${b},a{x=1}",
        "a=${b},a=${c},c=1",
        "a{x=1},a=${b},b=2,a{y=3}",
        "a=5,a=${b},b{x=1}",
        "a=5,a=${?b}",
        "b=5,b{x=1},a{y=1},a=${b}",
        "y{b{c=1}},a=${y},a.b=5,a.b.d=1",
        "a=[{b=${c}},{b=${?d}}],c=1",
        "a=[{b=1,b=${c},b{d=2}}],c{e=1}",
        "p=${a.b.c},a=${q},q.b=${r},r.c=7",
        "bar{foo=42,baz=${bar.foo}}",
        "bar{foo=42,baz=${bar.foo}},bar{foo=43}",
        "a{x=${b.y}},b{y=${a.z}},a.z=1",
        "d{host=h,url=\"x\"${j.host}},j=${d},j{host=o}",
        "b=${a},a{k=1,c=${b.k}}",
        // what a key was before
        "a=1,a=${a}2",
        "a=1,a=${a}2,a=${a}3,b=${a}",
        "a=${a}",
        "a=${?a}",
        "a=${?a}x",
        "a=[1],a=${a}[2]",
        "a+=1",
        "a+=1,a+=2",
        "a+=[1]",
        "a+={b=1}",
        "a+=${b},b=[1]",
        "a+=${?b}",
        "a=1,a+=2",
        "a=null,a+=1",
        "a={0=x},a+=y",
        "a{b=[1]},a{b+=2}",
        "c{a=[1]},c{a=${c.a}[2]}",
        "a{x=1},a=${a}{y=2}",
        "a{x=1},a=${a}{y=${a.x}}",
        "a{x=1},a=${a}{x=${a.x}2}",
        "a{x=1},a{x=${a.x}2}",
        "a{x=${a.x}}",
        "foo{a{c=1}},foo=${foo.a},foo{a=2}",
        "a=${b},b=${a}",
        "a=1,b=2,a=${b},b=${a}",
        "a={x=${a}}",
        "a=[${a}]",
        "a=[${?a}]",
        "a={x=${?a}}",
        "a{b=1},a=${a}{c=${a}}",
        "a=[{b+=1}]"
      })
  void reads_as_the_library_does(String text) {
    assertThat(ours(text)).isEqualTo(library(text));
  }

  @Test
  void reads_any_tokens_in_a_row_as_the_library_does() {
    compare(60_000, HoconTexts::tokens, 1_000);
  }

  @Test
  void reads_any_values_as_the_library_does() {
    compare(20_000, random -> HoconTexts.definitions(random, false), 5_000);
  }

  /**
   * Where the library finds no value, ours may find one: it can refer to a part of an object that
   * is being made.
   */
  @Test
  void resolves_any_substitutions_as_the_library_does() {
    compare(20_000, random -> HoconTexts.definitions(random, true), 5_000);
  }

  private static void compare(int count, Function<Random, String> texts, int leastRead) {
    Random random = new Random(20_260);
    int read = 0;
    for (int i = 0; i < count; i++) {
      String text = texts.apply(random);
      Optional<String> library = library(text);
      if (library.isPresent()) {
        assertThat(ours(text)).as(text).isEqualTo(library);
        read++;
      }
    }
    assertThat(read).isGreaterThan(leastRead);
  }
}
