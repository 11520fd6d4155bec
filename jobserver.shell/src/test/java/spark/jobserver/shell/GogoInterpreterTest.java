package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** With Gogo itself. */
@Timeout(60)
class GogoInterpreterTest {
  private final ThreadIOImpl threads = new ThreadIOImpl();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private CommandProcessorImpl processor;
  private Interpreter.Conversation conversation;

  @BeforeEach
  void begin() {
    threads.start();
    processor = new CommandProcessorImpl(threads);
    add("echo-all", "[A] [B] [C]", (arguments, out) -> out.println(String.join("|", arguments)));
    add(
        "refuse",
        "",
        (arguments, out) -> {
          throw new JobserverException(ErrorCode.PLUGIN_REFUSED, "It was refused.");
        });
    add(
        "break",
        "",
        (arguments, out) -> {
          throw new IllegalStateException("secret-free words");
        });
    add(
        "die",
        "",
        (arguments, out) -> {
          throw new StackOverflowError();
        });
    processor.addCommand("math", new Length(), "length");
    conversation = new GogoInterpreter(processor).begin(printed, printed);
  }

  private void add(String name, String arguments, Command.Action action) {
    Command command = new Command(name, arguments, "", action);
    processor.addCommand("jobserver", OperatorCommands.function(command), name);
  }

  /** A command that is a method. */
  public static final class Length {
    public int length(int number) {
      return number;
    }
  }

  @AfterEach
  void end() {
    conversation.close();
    processor.stop();
    threads.stop();
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void carriesOutACommandWithItsScopeAndWithout() {
    assertThat(conversation.carryOut("echo-all a b")).isEmpty();
    assertThat(conversation.carryOut("jobserver:echo-all \u00e4")).isEmpty();
    assertThat(conversation.carryOut("length 5")).isEmpty();
    assertThat(printed()).isEqualTo("a|b\n\u00e4\n5\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/a b/c's \"d\".jar",
        "$HOME",
        "*",
        "a;b|c&d",
        "#x",
        "%(1+1)",
        "[1]",
        "{}",
        "`x`",
        "\\n",
        "~",
        "true",
        "1.10",
        "null",
        "",
        "\u00fc\u20ac",
        "<x>",
        "!",
        "a=b"
      })
  void argumentsOfTheCommandLineArriveAsTheyAre(String argument) throws IOException {
    String line = ShellClient.line(List.of("echo-all", argument, "end"));
    assertThat(conversation.carryOut(line)).isEmpty();
    assertThat(printed()).isEqualTo(argument + "|end\n");
  }

  @Test
  void whatACommandRefusesIsToldInItsWords() {
    assertThat(conversation.carryOut("refuse")).contains("It was refused.");
    assertThat(conversation.carryOut("refuse x")).contains("Usage: refuse");
    assertThat(conversation.carryOut("echo-all 1 2 3 4")).contains("Usage: echo-all [A] [B] [C]");
  }

  @Test
  void whatCannotBeUnderstoodIsToldInWords() {
    assertThat(conversation.carryOut("nothing"))
        .contains("There is no command nothing: help lists those that there are.");
    assertThat(conversation.carryOut("length x"))
        .hasValueSatisfying(words -> assertThat(words).contains("takes no such arguments"));
    for (String line : List.of("{", "echo-all 'a", "echo-all )")) {
      assertThat(conversation.carryOut(line))
          .hasValueSatisfying(words -> assertThat(words).startsWith("The line cannot be"));
    }
  }

  @Test
  void whatNobodyExpectedHasAnIncidentAndTheSessionGoesOn() {
    assertThat(conversation.carryOut("break"))
        .hasValueSatisfying(
            words ->
                assertThat(words)
                    .matches("[^\\n]* \\(incident [0-9a-f-]{36}: [^\\n]*")
                    .endsWith("IllegalStateException: secret-free words")
                    .doesNotContain("\tat "));
    assertThat(conversation.carryOut("die"))
        .hasValueSatisfying(words -> assertThat(words).contains("incident"));
    assertThat(conversation.carryOut("echo-all a")).isEmpty();
    assertThat(printed()).isEqualTo("a\n");
  }
}
