package spark.jobserver.api;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The last lines of a log of Spark's that may tell why something has failed: what is written at the
 * levels INFO and below is left out, as are the frames of Java's stack traces, which would leave no
 * room for anything else. What looks like a secret is not told.
 */
public final class LogTail {
  private static final int LONGEST_TAIL = 256 * 1024;
  private static final int LONGEST_LINE = 1000;

  private static final Pattern LINE_BREAK = Pattern.compile("\\R");

  /** By Spark's own pattern, or by its structured one; and what Spark writes above all others. */
  private static final Pattern NOISE =
      Pattern.compile(
          """
          \\s*|\\S+ \\S+ (?:INFO|DEBUG|TRACE) .*\
          |\\{"ts":"[^"]*","level":"(?:INFO|DEBUG|TRACE)".*\
          |\\s+at [\\w.$/@<>-]+\\(.*\\).*|\\s+\\.{3} \\d+ (?:common frames omitted|more)\
          |Spark Executor Command: .*|=+""");

  private static final Pattern SECRET =
      Pattern.compile(
          """
          (?i)([\\w.-]*(?:secret|password|passwd|token|access[._-]?key)[\\w.-]*["']?\\s*[=:]\\s*)\
          (?:"[^"]*"|'[^']*'|[^\\s,;&]+)|((?<=://)[^/\\s:@]+:[^/\\s@]+(?=@))""");

  private LogTail() {}

  /**
   * The last lines of a file, the latest last; none where there is no such file.
   *
   * @param from from which byte on they count
   * @param most how many at the most
   */
  public static List<String> of(Path log, long from, int most) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long start = Math.max(from, file.length() - LONGEST_TAIL);
      byte[] bytes = new byte[(int) Math.max(0, file.length() - start)];
      file.seek(start);
      int read = Math.max(0, file.read(bytes));
      String text = new String(bytes, 0, read, StandardCharsets.UTF_8);
      // It begins somewhere inside a line.
      return of(start > from ? text.substring(text.indexOf('\n') + 1) : text, most);
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The last lines of a text, as {@link #of(Path, long, int)}. */
  public static List<String> of(String text, int most) {
    List<String> lines =
        LINE_BREAK.splitAsStream(text).filter(line -> !NOISE.matcher(line).matches()).toList();
    return lines.subList(Math.max(0, lines.size() - most), lines.size()).stream()
        .map(line -> line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "..." : line)
        .map(line -> SECRET.matcher(line).replaceAll("$1***"))
        .toList();
  }
}
