package spark.jobserver.gate;

import java.util.regex.Pattern;

/** What a request says that its body is. */
final class ContentType {
  /** A quality that is none; RFC 9110, section 12.4.2, has what it may be, for other headers. */
  private static final Pattern NO_QUALITY =
      Pattern.compile(
          ";\\s*q\\s*=(?!\\s*(?:0(?:\\.\\d{0,3})?|1(?:\\.0{0,3})?)\\s*(?:;|$))",
          Pattern.CASE_INSENSITIVE);

  private ContentType() {}

  /**
   * Refuses what Jersey fails at: it reads the parameter q, which has no meaning here, as a
   * quality.
   *
   * @param header may be null, where the request has none
   */
  static void check(String header) {
    if (header != null && NO_QUALITY.matcher(header).find()) {
      throw new Refusal(
          400,
          "The header Content-Type was malformed: its parameter q is no quality, from 0 to 1 with at most three decimals. It needs none.");
    }
  }
}
