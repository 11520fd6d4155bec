package spark.jobserver.health;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;

/**
 * What the server is at, as a person reads it.
 *
 * @param version of the server
 * @param since when it started
 * @param now when this was so
 * @param memory bytes that its process has in memory; empty where that is not known
 * @param heap bytes of its heap that are used
 * @param mostHeap bytes that its heap may have
 * @param spares what is told of spare drivers
 * @param contexts those that are not final, each with its jobs that are not final
 */
record StatusReport(
    String version,
    Instant since,
    Instant now,
    OptionalLong memory,
    long heap,
    long mostHeap,
    String spares,
    List<At> contexts) {
  private static final int MIB = 1024 * 1024;
  private static final int MOST_JOBS = 5;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  /**
   * A context.
   *
   * @param jobs empty where the caller may not know
   */
  record At(Context context, Optional<List<Job>> jobs) {}

  /** Lines of text, each with its line break; times are of this zone. */
  String text(ZoneId zone) {
    StringBuilder text = new StringBuilder();
    line(text, "version", version);
    line(text, "since", time(since, zone) + ", " + words(Duration.between(since, now)));
    line(
        text,
        "memory",
        (memory.isPresent() ? memory.getAsLong() / MIB + " MB, " : "")
            + "heap "
            + heap / MIB
            + " of "
            + mostHeap / MIB
            + " MB");
    line(text, "spares", spares);
    line(text, "contexts", contexts.isEmpty() ? "none" : String.valueOf(contexts.size()));
    contexts.forEach(one -> add(text, one, zone));
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format(Locale.ROOT, "  %-9s %s%n", name, value));
  }

  private void add(StringBuilder text, At one, ZoneId zone) {
    Context context = one.context();
    text.append(
        String.format(
            Locale.ROOT,
            "    %s  %s since %s%s%n",
            plain(context.name()),
            context.state(),
            time(context.startTime(), zone),
            one.jobs().map(jobs -> ", " + count(jobs.size())).orElse("")));
    List<Job> jobs = one.jobs().orElse(List.of());
    jobs.stream()
        .limit(MOST_JOBS)
        .forEach(
            job ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "      %s  %s  %s%n",
                        job.id(),
                        plain(job.classPath()),
                        words(Duration.between(job.startTime(), now)))));
    if (jobs.size() > MOST_JOBS) {
      text.append(String.format(Locale.ROOT, "      and %d more%n", jobs.size() - MOST_JOBS));
    }
  }

  private static String count(int jobs) {
    return jobs == 0 ? "idle" : jobs == 1 ? "1 job" : jobs + " jobs";
  }

  /** Names may be any text: none moves the cursor of a terminal, or begins a line. */
  private static String plain(String name) {
    return name.replaceAll("[^\\p{L}\\p{N}\\p{P}\\p{S} ]", "?");
  }

  private static String time(Instant instant, ZoneId zone) {
    return TIME.format(instant.atZone(zone));
  }

  /** The two largest units. */
  static String words(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    return seconds < 86_400
        ? seconds / 3600 + " h " + seconds / 60 % 60 + " min"
        : seconds / 86_400 + " d " + seconds / 3600 % 24 + " h";
  }
}
