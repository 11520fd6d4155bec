package spark.jobserver.core.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.Samples;
import spark.jobserver.core.plugin.BundleStore;

class RetentionTest {
  private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");
  private static final Duration AGE = Duration.ofDays(3);
  @TempDir Path folder;
  private final MemoryDao dao = new MemoryDao();
  private DataFolder data;
  private Retention retention;

  @BeforeEach
  void make() throws IOException {
    data = new DataFolder(folder);
    retention =
        new Retention(
            dao, data, new BundleStore(data.bundles()), AGE, Clock.fixed(NOW, ZoneOffset.UTC));
    dao.insertBinary(Samples.EGG, Content.of(new byte[] {1}), "");
  }

  private Context context(String id, String bundle) throws IOException {
    Context context = Context.started(id, id, "factory", "{}", Instant.EPOCH, bundle, "");
    dao.insertContext(context);
    Files.createDirectories(data.context(id).resolve("log"));
    return context;
  }

  private void end(Context context, Instant end) {
    dao.updateContext(context.ended(ContextState.FINISHED, end, Optional.empty()));
  }

  private Path job(String id, Context context, Instant end) throws IOException {
    dao.insertJob(Samples.job(id, context.id(), context.name()), JobInput.of("{}"));
    dao.endJob(id, JobState.FINISHED, end, Optional.empty(), Optional.empty());
    Path log = data.jobLog(context.id(), id);
    Files.createDirectories(log.getParent());
    return Files.writeString(log, "output");
  }

  private Path bundle(String digest, Instant kept) throws IOException {
    Path file = Files.writeString(data.bundles().resolve(digest + ".jar"), "bytes");
    return Files.setLastModifiedTime(file, FileTime.from(kept));
  }

  @Test
  void what_is_older_goes_with_its_logs_and_what_is_younger_stays() throws IOException {
    Context old = context("old", "");
    Path oldLog = job("job-1", old, NOW.minus(AGE).minusMillis(1));
    end(old, NOW.minus(AGE).minusMillis(1));
    Context running = context("running", "");
    Path alsoOld = job("job-2", running, NOW.minus(AGE).minusMillis(1));
    Path young = job("job-3", running, NOW.minus(AGE).plusMillis(1));

    retention.removeOld();

    assertThat(oldLog).doesNotExist();
    assertThat(data.context("old")).doesNotExist();
    assertThat(alsoOld).doesNotExist();
    assertThat(young).exists();
    assertThat(dao.job("job-1")).isEmpty();
    assertThat(dao.job("job-2")).isEmpty();
    assertThat(dao.job("job-3")).isPresent();
    assertThat(dao.context("old")).isEmpty();
    assertThat(dao.context("running")).isPresent();
  }

  @Test
  void a_bundle_stays_as_long_as_a_context_needs_it() throws IOException {
    Instant before = NOW.minus(Duration.ofDays(1));
    Context running = context("running", "factory:1.0.0@needed");
    end(context("over", "factory:1.0.0@needless"), NOW);
    Path needed = bundle("needed", before);
    Path needless = bundle("needless", before);
    Path fresh = bundle("fresh", NOW);

    retention.removeOld();
    assertThat(needed).exists();
    assertThat(fresh).as("its context may not be on record yet").exists();
    assertThat(needless).doesNotExist();

    end(running, NOW);
    retention.removeOld();
    assertThat(needed).doesNotExist();
  }
}
