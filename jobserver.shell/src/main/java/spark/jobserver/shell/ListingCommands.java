package spark.jobserver.shell;

import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.server.ContextFactories;
import spark.jobserver.api.server.ContextFactories.FactoryInfo;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.Jobs;

/** Commands that list what there is, and change nothing. */
final class ListingCommands {
  private static final int USUAL_LIMIT = 20;
  private static final int HIGHEST_LIMIT = 1000;

  private final Current.Source<ContextFactories> factories;
  private final Current.Source<Contexts> contexts;
  private final Current.Source<Jobs> jobs;
  private final Clock clock;

  ListingCommands(
      Current.Source<ContextFactories> factories,
      Current.Source<Contexts> contexts,
      Current.Source<Jobs> jobs,
      Clock clock) {
    this.factories = factories;
    this.contexts = contexts;
    this.jobs = jobs;
    this.clock = clock;
  }

  List<Command> all() {
    return List.of(
        new Command(
            "context-factories",
            "",
            "lists the context factories that are installed",
            (arguments, out) -> listFactories(out)),
        new Command(
            "contexts", "", "lists the contexts that are not final", (arguments, out) -> list(out)),
        new Command(
            "jobs",
            "[LIMIT]",
            "lists the latest jobs, %d unless told otherwise".formatted(USUAL_LIMIT),
            (arguments, out) ->
                listJobs(arguments.isEmpty() ? USUAL_LIMIT : limit(arguments.get(0)), out)));
  }

  private void listFactories(PrintStream out) throws CommandFailed {
    Table table = new Table("NAME", "BUNDLE", "VERSION");
    List<FactoryInfo> found = factories.get().list();
    for (FactoryInfo factory : found) {
      table.add(factory.name(), factory.bundle(), factory.version());
    }
    print(table, found, "There are no context factories.", out);
  }

  private void list(PrintStream out) throws CommandFailed {
    Table table = new Table("NAME", "STATE", "SINCE", "OWNER", "FACTORY", "BUNDLE", "APPLICATION");
    Contexts all = contexts.get();
    List<Context> found = new ArrayList<>();
    for (String name : all.names()) {
      // It may be gone since it was named.
      all.find(name).ifPresent(found::add);
    }
    for (Context context : found) {
      table.add(
          context.name(),
          context.state().name(),
          Table.time(context.startTime()),
          context.owner(),
          context.factory(),
          context.bundle(),
          context.applicationId().orElse(""));
    }
    print(table, found, "There are no contexts.", out);
  }

  private void listJobs(int limit, PrintStream out) throws CommandFailed {
    Table table = new Table("ID", "STATE", "SINCE", "TOOK", "CONTEXT", "OWNER", "CLASS");
    List<Job> found = jobs.get().list(JobFilter.ALL, limit);
    for (Job job : found) {
      Duration took = Duration.between(job.startTime(), job.endTime().orElseGet(clock::instant));
      table.add(
          job.id(),
          job.state().name(),
          Table.time(job.startTime()),
          "%d.%03d s".formatted(took.toSeconds(), took.toMillisPart()),
          job.contextName(),
          job.owner(),
          job.classPath());
    }
    print(table, found, "There are no jobs.", out);
  }

  private static int limit(String text) throws CommandFailed {
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= HIGHEST_LIMIT) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new CommandFailed(
        "LIMIT is a number from 1 to %d, not \"%s\".".formatted(HIGHEST_LIMIT, text));
  }

  private static void print(Table table, List<?> rows, String none, PrintStream out) {
    if (rows.isEmpty()) {
      out.println(none);
    } else {
      table.print(out);
    }
  }
}
