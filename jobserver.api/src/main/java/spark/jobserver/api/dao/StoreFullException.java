package spark.jobserver.api.dao;

/** The store has no room for what was to be kept; nothing has changed. */
public class StoreFullException extends DaoException {
  private static final long serialVersionUID = 1;

  public StoreFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
