package spark.jobserver.api.server;

import java.net.URI;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;

/** Tells other servers that jobs have ended. */
@ProviderType
public interface Callbacks {
  /**
   * Says whether a URL may be called.
   *
   * @return the URL
   * @throws JobserverException {@link ErrorCode#CALLBACK} saying why not, and what would be right
   */
  URI check(String url);

  /**
   * Tells a URL of a job's end, again and again for a while where it does not answer well. Returns
   * at once.
   *
   * @param result of a FINISHED job
   * @return completes when it was told, or was given up; true when it was told. Fails when this is
   *     being stopped, or when too many wait: then it may be asked again
   */
  CompletionStage<Boolean> tell(String url, Job job, Optional<Content> result);
}
