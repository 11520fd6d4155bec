package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ContextFactories.FactoryInfo;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.Jobs;

class ListingCommandsTest {
  private static final Instant START = Instant.parse("2026-11-30T10:00:00Z");
  private static final Context CONTEXT =
      Context.started("c1", "sql\u001b[2J", "a.Factory", "{}", START, "a.bundle:1@abc", "")
          .running("app-1", Optional.empty());
  private static final Binary BINARY = new Binary("b", BinaryType.EGG, START, "0".repeat(64), 1);
  private static final Job RUNNING =
      Job.started("j2", CONTEXT, 1, BINARY, "a.B", START, "ada").in(JobState.RUNNING);
  private static final Job ENDED =
      Job.started("j1", CONTEXT, 1, BINARY, "a.LongerName", START, "")
          .ended(JobState.FINISHED, START.plusMillis(1234), Optional.empty());

  /** A service that answers each method with a value. */
  private static <T> T answering(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.get(method.getName())));
  }

  private static String run(
      Contexts contexts, Jobs jobs, List<FactoryInfo> factories, String name, String... arguments)
      throws CommandFailed {
    ListingCommands commands =
        new ListingCommands(
            () -> () -> factories,
            () -> contexts,
            () -> jobs,
            Clock.fixed(START.plusSeconds(61), ZoneOffset.UTC));
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    commands.all().stream()
        .filter(command -> command.name().equals(name))
        .findFirst()
        .orElseThrow()
        .run(List.of(arguments), new PrintStream(printed, true, StandardCharsets.UTF_8));
    return printed.toString(StandardCharsets.UTF_8);
  }

  private static final Contexts CONTEXTS =
      answering(Contexts.class, Map.of("names", List.of("sql"), "find", Optional.of(CONTEXT)));

  private static final Jobs JOBS = answering(Jobs.class, Map.of("list", List.of(RUNNING, ENDED)));

  @Test
  void listsContextsInColumnsAndWithoutWhatATerminalObeys() throws CommandFailed {
    assertThat(run(CONTEXTS, JOBS, List.of(), "contexts").lines())
        .containsExactly(
            "NAME     STATE    SINCE                OWNER  FACTORY    BUNDLE          APPLICATION",
            "sql?[2J  RUNNING  %s  -      a.Factory  a.bundle:1@abc  app-1"
                .formatted(Table.time(START)));
  }

  @Test
  void listsJobsInTheOrderThatTheyComeIn() throws CommandFailed {
    assertThat(run(CONTEXTS, JOBS, List.of(), "jobs").lines())
        .containsExactly(
            "ID  STATE     SINCE                TOOK      CONTEXT  OWNER  CLASS",
            "j2  RUNNING   %s  61.000 s  sql?[2J  ada    a.B".formatted(Table.time(START)),
            "j1  FINISHED  %s  1.234 s   sql?[2J  -      a.LongerName"
                .formatted(Table.time(START)));
  }

  @Test
  void asksForAsManyJobsAsAreWanted() throws CommandFailed {
    int[] limits = new int[1];
    Jobs jobs =
        (Jobs)
            Proxy.newProxyInstance(
                Jobs.class.getClassLoader(),
                new Class<?>[] {Jobs.class},
                (proxy, method, arguments) -> {
                  limits[0] = (int) arguments[1];
                  return List.of();
                });
    assertThat(run(CONTEXTS, jobs, List.of(), "jobs")).isEqualTo("There are no jobs.\n");
    assertThat(limits[0]).isEqualTo(20);
    run(CONTEXTS, jobs, List.of(), "jobs", "3");
    assertThat(limits[0]).isEqualTo(3);
    for (String wrong : List.of("0", "1001", "x")) {
      assertThatThrownBy(() -> run(CONTEXTS, jobs, List.of(), "jobs", wrong))
          .hasMessage("LIMIT is a number from 1 to 1000, not \"" + wrong + "\".");
    }
  }

  @Test
  void listsFactories() throws CommandFailed {
    assertThat(
            run(CONTEXTS, JOBS, List.of(new FactoryInfo("a.F", "b", "1.0.0")), "context-factories")
                .lines())
        .containsExactly("NAME  BUNDLE  VERSION", "a.F   b       1.0.0");
    assertThat(run(CONTEXTS, JOBS, List.of(), "context-factories"))
        .isEqualTo("There are no context factories.\n");
  }
}
