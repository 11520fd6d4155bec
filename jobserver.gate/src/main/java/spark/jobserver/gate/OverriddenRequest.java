package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A POST that is taken as another method by everything behind the gate, which does not see the
 * parameter that said so.
 */
final class OverriddenRequest extends HttpServletRequestWrapper {
  private final MethodOverride override;

  OverriddenRequest(HttpServletRequest request, MethodOverride override) {
    super(request);
    this.override = override;
  }

  @Override
  public String getMethod() {
    return override.method();
  }

  @Override
  public String getQueryString() {
    return override.query().orElse(null);
  }

  @Override
  public Map<String, String[]> getParameterMap() {
    Map<String, String[]> parameters = new LinkedHashMap<>(super.getParameterMap());
    parameters.remove(MethodOverride.PARAMETER);
    return Collections.unmodifiableMap(parameters);
  }

  @Override
  public Enumeration<String> getParameterNames() {
    return Collections.enumeration(getParameterMap().keySet());
  }

  @Override
  public String[] getParameterValues(String name) {
    return getParameterMap().get(name);
  }

  @Override
  public String getParameter(String name) {
    return Optional.ofNullable(getParameterValues(name)).map(values -> values[0]).orElse(null);
  }
}
