package spark.jobserver.core.binary;

import java.util.List;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;
import spark.jobserver.core.store.ActiveStore;

/** Finds the binaries that submissions and contexts name, in the versions that new jobs take. */
@Component(service = LatestBinaries.class)
public final class LatestBinaries {
  private static final Pattern URI = Pattern.compile("(?i)[a-z][a-z0-9+.-]*:/.*", Pattern.DOTALL);

  private final JobDao dao;

  @Activate
  public LatestBinaries(@Reference ActiveStore store) {
    this(store.dao());
  }

  LatestBinaries(JobDao dao) {
    this.dao = dao;
  }

  /**
   * The binary that a job is started from.
   *
   * @throws JobserverException {@link ErrorCode#BINARY_NOT_FOUND}
   */
  public Binary find(String name) {
    return dao.latestBinary(name).orElseThrow(() -> missing(name));
  }

  /**
   * The binaries that {@link BinaryNames#DEPENDENCIES} names. A name is any text, so what looks
   * like a URI may be one; but no URI is fetched.
   *
   * @throws JobserverException {@link ErrorCode#BINARY_NOT_FOUND}, or {@link ErrorCode#CONFIG} for
   *     a URI
   */
  public List<Binary> dependencies(List<String> names) {
    return BinaryNames.checked(names).stream().distinct().map(this::dependency).toList();
  }

  private Binary dependency(String name) {
    return dao.latestBinary(name)
        .orElseThrow(() -> URI.matcher(name).matches() ? fetchesNothing(name) : missing(name));
  }

  private static JobserverException fetchesNothing(String uri) {
    return PostedConfig.refused(
        "%s names '%s', and the server fetches nothing for callers. Upload it (POST /binaries/<name>)"
                .formatted(BinaryNames.DEPENDENCIES, PostedConfig.shown(uri))
            + " and give its name");
  }

  /** What a caller is told of a name that no binary has. */
  public static JobserverException missing(String name) {
    return new JobserverException(ErrorCode.BINARY_NOT_FOUND, "appName " + name + " not found");
  }
}
