package spark.jobserver.python.worker;

import java.util.Map;

/** How processes end, in words. */
final class ExitStatus {
  private static final String SIGNAL = "signal ";
  private static final int FIRST_SIGNAL_CODE = 128;
  private static final Map<String, String> SIGNALS =
      Map.of(
          "4", "SIGILL",
          "6", "SIGABRT",
          "7", "SIGBUS",
          "8", "SIGFPE",
          "9", "SIGKILL",
          "11", "SIGSEGV",
          "15", "SIGTERM");

  private ExitStatus() {}

  /** A zygote's report, for example {@code signal 9}, with the signal's name. */
  static String inWords(String status) {
    if (status.startsWith(SIGNAL)) {
      String name = SIGNALS.get(status.substring(SIGNAL.length()));
      return name == null ? status : status + " (" + name + ")";
    }
    return status;
  }

  /** An exit code as Java gives it: beyond 128 it stands for a signal. */
  static String ofCode(int code) {
    return code > FIRST_SIGNAL_CODE ? inWords(SIGNAL + (code - FIRST_SIGNAL_CODE)) : "exit " + code;
  }
}
