package spark.jobserver.core.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.core.store.Inventory.Hold;

/**
 * Copies everything from one store to another, and notes that it is there once both were found to
 * hold the same. The first store is only read. One that a copy was begun into holds nothing that
 * counts until then, also when the server dies: the next copy begins anew.
 */
final class StoreMove {
  private static final Logger LOG = LoggerFactory.getLogger(StoreMove.class);

  private final Path file;
  private final Hold hold;

  /**
   * A move.
   *
   * @param file where the note is kept
   * @param hold called now and then; what it throws ends the copying
   */
  StoreMove(Path file, Hold hold) {
    this.file = file;
    this.hold = hold;
  }

  /**
   * Moves what is in the store that a note names, or refuses.
   *
   * @param note what is noted; empty in a data folder that has never noted any
   * @param holder the name of the store that has the data
   * @throws IOException when it is refused or fails, with words for the operator; the note still
   *     names the first store
   */
  void run(Optional<StoreNote> note, String holder, JobDao from, String name, JobDao to)
      throws IOException {
    StoreReader source = new StoreReader(from);
    StoreReader target = new StoreReader(to);
    if (note.isEmpty() && source.isEmpty()) {
      StoreNote.of(name).write(file); // the first start: there is nothing to move
      return;
    }
    StoreNote before = note.orElseGet(() -> StoreNote.of(holder));
    boolean filled = !target.isEmpty();
    if (filled && !isOurs(before, name, target)) {
      throw new IOException(
          "there are data in %s that this server has not left there: empty it, and all is copied"
              .formatted(name));
    }
    before.begun(name).write(file);
    if (filled) {
      LOG.info("the store {}: what an earlier copy has left there is removed", name);
      to.removeAll();
    }
    LOG.info("everything is copied from the store {} to {}", holder, name);
    source.read(new Copy(to));
    Inventory wanted = Inventory.of(source, hold);
    Inventory made = Inventory.of(target, hold);
    if (!made.equals(wanted)) {
      throw new IOException(
          "the copy is not the same: %s holds %s, and %s holds %s"
              .formatted(holder, wanted, name, made));
    }
    before.moved(name, wanted.digest()).write(file);
    LOG.info("the store {} has it all: {}", name, made);
  }

  /** Whether all that is in a store is known to be in another, or to be of no use. */
  private boolean isOurs(StoreNote note, String name, StoreReader target) throws IOException {
    return note.unfinished().contains(name)
        || (note.left().containsKey(name)
            && Inventory.of(target, hold).digest().equals(note.left().get(name)));
  }

  private final class Copy implements StoreReader.Visitor {
    private final JobDao to;

    Copy(JobDao to) {
      this.to = to;
    }

    @Override
    public void binary(BinaryVersion version, Content bytes) throws IOException {
      hold.check();
      to.insertBinary(version.binary(), bytes, version.owner());
    }

    @Override
    public void context(Context context, Optional<DriverRecord> driver) throws IOException {
      hold.check();
      if (!to.insertContext(context)) {
        throw new IOException("the context " + context.id() + " was not taken");
      }
      driver.ifPresent(to::saveDriver);
    }

    @Override
    public void job(StoredJob job) throws IOException {
      hold.check();
      to.restoreJob(job.job(), job.input(), job.result(), job.killWished());
    }
  }
}
