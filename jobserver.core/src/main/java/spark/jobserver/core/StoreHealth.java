package spark.jobserver.core;

import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.dao.DaoException;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.Health;
import spark.jobserver.core.context.ContextSupervisor;
import spark.jobserver.core.store.ActiveStore;

/** The server is well when its store answers; without a supervisor there is no health at all. */
@Component(service = Health.class)
public final class StoreHealth implements Health {
  private static final Logger LOG = LoggerFactory.getLogger(StoreHealth.class);

  private final JobDao dao;

  @Activate
  public StoreHealth(@Reference ActiveStore store, @Reference ContextSupervisor supervisor) {
    this.dao = store.dao();
  }

  @Override
  public Optional<String> problem() {
    try {
      dao.activeContexts();
      return Optional.empty();
    } catch (DaoException e) {
      LOG.warn("the store does not answer", e);
      return Optional.of("The store does not answer");
    }
  }
}
