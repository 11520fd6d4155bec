package spark.jobserver.auth;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a file says now: it is read again when it has changed. */
final class Followed<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Followed.class);

  private final Source<T> source;

  /** The version that could not be read; said once. */
  private volatile Optional<PrivateFile.Version> failed = Optional.empty();

  /** Replaced as a whole. */
  private volatile Content<T> last = new Content<>(Optional.empty(), List.of());

  /**
   * What was read.
   *
   * @param version of the file; empty when there was none
   */
  record Content<T>(Optional<PrivateFile.Version> version, List<T> read) {}

  /** A file. */
  interface Source<T> {
    /** Its version; empty when it is not there. */
    Optional<PrivateFile.Version> version();

    /** Reads it. */
    PrivateFile.Content<T> read() throws IOException;
  }

  Followed(Source<T> source) {
    this.source = source;
  }

  Content<T> now() {
    Optional<PrivateFile.Version> version = source.version();
    Content<T> known = last;
    if (!known.version().equals(version)) {
      known = version.isPresent() ? read(version) : new Content<>(version, List.of());
      last = known;
    }
    return known;
  }

  /** Says once, each time that the file has changed, what is wrong with it. */
  private Content<T> read(Optional<PrivateFile.Version> version) {
    try {
      PrivateFile.Content<T> content = source.read();
      content.broken().forEach(line -> LOG.error("gives nobody access: {}", line));
      return new Content<>(version, content.read());
    } catch (IOException e) {
      if (!failed.equals(version)) {
        LOG.error("the file cannot be read: nobody has access by it", e);
        failed = version;
      }
      // Of no version, so that the next caller has it read again.
      return new Content<>(Optional.empty(), List.of());
    }
  }
}
