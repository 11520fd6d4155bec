package spark.jobserver.api.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Files that callers upload for their jobs to read. */
@ProviderType
public interface DataFiles {
  /** The absolute paths of all files, in order. */
  List<Path> list();

  /**
   * Stores an upload. Reads the stream to its end and does not close it; a stream that breaks off
   * leaves nothing behind.
   *
   * @param prefix what the file's name begins with; any text, of which what cannot stand in a name
   *     is replaced
   * @return where the file is, for jobs to open
   * @throws JobserverException {@link ErrorCode#NO_ROOM}, or {@link ErrorCode#STORAGE} when it
   *     cannot be stored
   * @throws IOException when the stream cannot be read
   */
  Path upload(String prefix, InputStream body) throws IOException;

  /**
   * Removes a file.
   *
   * @param path as {@link #upload} has returned it
   * @throws JobserverException {@link ErrorCode#DATA_NOT_FOUND}
   */
  void delete(String path);

  /** Removes all files. */
  void clear();
}
