package spark.jobserver.api.dao;

/** The store cannot be reached or refuses; nothing has changed. */
public class DaoException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public DaoException(String message, Throwable cause) {
    super(message, cause);
  }
}
