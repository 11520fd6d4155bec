package spark.jobserver.api.server;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

/** The uploaded binaries. */
@ProviderType
public interface Binaries {
  /**
   * The binaries as somebody changes them: what the caller uploads is its own, and a caller that
   * may change its own only is refused the names of others with {@link ErrorCode#BINARY_OF_OTHERS}.
   * Whose a name is its latest version says.
   */
  Binaries of(Caller caller);

  /** The latest version of every name, ordered by name. */
  List<Binary> list();

  /** The latest version of a name. */
  Optional<Binary> find(String name);

  /**
   * Stores an upload as the latest version of its name. Reads the stream to its end and does not
   * close it; a stream that breaks off leaves nothing behind.
   *
   * @throws JobserverException {@link ErrorCode#BINARY_FORMAT} when the bytes are no archive,
   *     {@link ErrorCode#STORAGE} when they cannot be stored
   * @throws IOException when the stream cannot be read
   */
  Binary upload(String name, BinaryType type, InputStream body) throws IOException;

  /**
   * Removes all versions of a name.
   *
   * @throws JobserverException {@link ErrorCode#BINARY_NOT_FOUND} or {@link
   *     ErrorCode#BINARY_IN_USE}
   */
  void delete(String name);
}
