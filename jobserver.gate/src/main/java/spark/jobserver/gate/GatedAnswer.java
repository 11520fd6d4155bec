package spark.jobserver.gate;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * An answer on its way through the gate, with the headers that every answer has. What is behind the
 * gate may set any of them itself, and then its own is sent; a reset of the answer brings them
 * back.
 */
final class GatedAnswer extends HttpServletResponseWrapper {
  private static final String POLICY = "Content-Security-Policy";
  private static final String TYPE = "Content-Type";
  private static final String VARY = "Vary";

  /** Whatever is not a page is nothing that a browser should run, load or show in another page. */
  private static final String POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'";

  /** A page says itself what it needs; it is shown in another page only if it says so. */
  private static final String POLICY_OF_PAGES = "frame-ancestors 'none'";

  /** What every answer has that does not say otherwise. */
  static final Map<String, String> ALWAYS =
      Map.of(
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cache-Control",
          "no-store",
          POLICY,
          POLICY_OF_DATA);

  private final Map<String, String> more = new LinkedHashMap<>();

  /** Those of {@link #ALWAYS} that the application has not set. */
  private final Set<String> untouched = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  /** Set by the thread that writes, which need not be the one that passed the gate. */
  private volatile boolean begun;

  GatedAnswer(HttpServletResponse response) {
    super(response);
    apply();
  }

  /** Gives this answer more headers, in the same way. Called before the application has it. */
  void haveAlso(Map<String, String> headers) {
    more.putAll(headers);
    apply();
  }

  private void apply() {
    HttpServletResponse response = (HttpServletResponse) getResponse();
    ALWAYS.forEach(response::setHeader);
    more.forEach(response::setHeader);
    untouched.addAll(ALWAYS.keySet());
  }

  /** Whether the application has begun to write a body. */
  boolean isBegun() {
    return begun || isCommitted();
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    begun = true;
    return super.getOutputStream();
  }

  @Override
  public PrintWriter getWriter() throws IOException {
    begun = true;
    return super.getWriter();
  }

  @Override
  public void reset() {
    super.reset();
    begun = false;
    apply();
  }

  @Override
  public void setHeader(String name, String value) {
    untouched.remove(name);
    super.setHeader(name, value);
    if (name.equalsIgnoreCase(VARY) && more.containsKey(VARY)) {
      super.addHeader(VARY, more.get(VARY));
    }
    if (name.equalsIgnoreCase(TYPE)) {
      typeIs(value);
    }
  }

  @Override
  public void addHeader(String name, String value) {
    if (untouched.remove(name) || name.equalsIgnoreCase(TYPE)) {
      setHeader(name, value);
    } else {
      super.addHeader(name, value);
    }
  }

  @Override
  public void setContentType(String type) {
    super.setContentType(type);
    typeIs(type);
  }

  private void typeIs(String type) {
    if (type != null && untouched.contains(POLICY)) {
      boolean page = type.strip().toLowerCase(Locale.ROOT).startsWith("text/html");
      super.setHeader(POLICY, page ? POLICY_OF_PAGES : POLICY_OF_DATA);
    }
  }
}
