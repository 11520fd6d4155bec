package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.context.WorkerCount;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobObserver;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.Samples;
import spark.jobserver.core.ServerCounters;
import spark.jobserver.core.callback.JobCallbacks;
import spark.jobserver.core.config.DriverSettings;
import spark.jobserver.core.plugin.BundleStore;
import spark.jobserver.core.store.ActiveStore;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Event.Ending;
import spark.jobserver.link.server.LinkTls;
import spark.jobserver.link.server.OwnCertificate;

/** The core against drivers that speak the real link; a second supervisor is a restart. */
class ContextSupervisorTest {
  private static final Binary EGG =
      new Binary("egg", BinaryType.EGG, Instant.EPOCH, "0".repeat(64), 5);

  @TempDir Path folder;
  private final MemoryDao dao = new MemoryDao();
  private final FakeLauncher launcher = new FakeLauncher();
  private LinkSecurity security = new LinkSecurity(Optional.empty());
  private ContextSupervisor supervisor;
  private ActiveStore store = new ActiveStore(dao, "gone");
  private boolean serverStops = true;
  private int ids;

  @BeforeEach
  void start() throws IOException {
    dao.insertBinary(EGG, Content.of(new byte[5]), "");
    supervisor = supervisor();
  }

  @AfterEach
  void stop() throws Exception {
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    for (FakeDriver driver : launcher.started) {
      driver.close();
    }
  }

  private final ServerCounters counters = new ServerCounters();
  private static final int MOST_CONTEXTS = 4;

  private ContextSupervisor supervisor() throws IOException {
    return supervisor(MOST_CONTEXTS);
  }

  private ContextSupervisor supervisor(int mostContexts) throws IOException {
    DataFolder data = new DataFolder(folder);
    return new ContextSupervisor(
        data,
        new DriverSettings(
            Duration.ofMinutes(30),
            Duration.ofMillis(100),
            Duration.ofMillis(500),
            0,
            "127.0.0.1",
            0),
        security,
        mostContexts,
        store.dao(),
        launcher,
        new BundleStore(data.bundles()),
        new JobCallbacks(store.dao()),
        counters,
        () -> serverStops);
  }

  @Test
  void thereMustBeRoomForAContext() {
    assertThatThrownBy(() -> supervisor(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("spark.jobserver.max-contexts must be at least 1, not 0");
  }

  /** What {@code kill -9} does to a server: its end of the link is gone, nothing else is done. */
  private void restart() throws Exception {
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    supervisor = supervisor();
  }

  /** The store goes, and another server's has come back. */
  private void storeReturns() throws Exception {
    serverStops = false;
    supervisor.close();
    store = new ActiveStore(dao, "gone");
    supervisor = supervisor();
    serverStops = true;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static JobserverException refusal(CompletionStage<?> stage) {
    try {
      get(stage);
      throw new AssertionError("it was not refused");
    } catch (ExecutionException e) {
      return (JobserverException) e.getCause();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private CompletionStage<Context> create(String name) {
    return create(name, "{}");
  }

  private CompletionStage<Context> create(String name, String settings) {
    return supervisor
        .create(
            Context.started("id-" + ++ids, name, "factory", settings, Instant.EPOCH, "f:1@d", ""),
            launcher::launch)
        .created();
  }

  private FakeDriver running(String name) throws Exception {
    return running(name, "{}");
  }

  private FakeDriver running(String name, String settings) throws Exception {
    CompletionStage<Context> created = create(name, settings);
    FakeDriver driver = launcher.next();
    driver.next(Command.MakeContext.class);
    driver.ready();
    assertThat(get(created).state()).isEqualTo(ContextState.RUNNING);
    return driver;
  }

  private LiveContext live(String name) {
    return supervisor.find(name).orElseThrow();
  }

  private Submission submit(String name) {
    return submit(name, JobInput.of("{\"a\":1}"));
  }

  private Submission submit(String name, RequestKey key) {
    return submit(name, new JobInput("{}", Optional.empty(), Optional.of(key)));
  }

  private Submission submit(String name, JobInput input) {
    LiveContext context = live(name);
    context.jobs().takeSlot(8);
    Job job =
        new Job(
            "job-" + ++ids,
            context.context().id(),
            name,
            context.epoch(),
            EGG,
            "jobs.Job",
            Instant.EPOCH,
            Optional.empty(),
            JobState.STARTED,
            Optional.empty(),
            "");
    assertThat(dao.insertJob(job, input)).isInstanceOf(JobInsertion.Inserted.class);
    return context.jobs().dispatch(job, input, "request-1");
  }

  private Context recorded(String name) {
    return dao.latestContext(name).orElseThrow();
  }

  @Test
  void a_context_is_made_by_its_driver_and_recorded() throws Exception {
    CompletionStage<Context> created = create("c");
    FakeDriver driver = launcher.next();

    Command.MakeContext command = driver.next(Command.MakeContext.class);
    assertThat(command.name()).isEqualTo("c");
    assertThat(command.factory()).isEqualTo("factory");
    assertThat(command.bundles()).containsExactly(new Command.BundleFile("f", "1", "d"));
    assertThat(recorded("c").state()).isEqualTo(ContextState.STARTED);

    driver.ready();
    assertThat(get(created).applicationId()).contains("app-1");
    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);
  }

  @Test
  void the_name_of_a_live_context_is_taken() throws Exception {
    running("c");

    assertThatThrownBy(() -> create("c"))
        .isInstanceOf(JobserverException.class)
        .hasMessage("context c exists");
  }

  @Test
  void who_asks_for_a_name_that_is_taken_is_not_in_the_way_of_its_context() throws Exception {
    running("c");
    LiveContext running = supervisor.find("c").orElseThrow();
    AtomicInteger looks = new AtomicInteger();
    dao.duringInsertionsOfContexts(
        () -> {
          assertThat(supervisor.find("c")).containsSame(running);
          assertThat(supervisor.all()).containsExactly(running);
          looks.incrementAndGet();
        });

    assertThatThrownBy(() -> create("c")).hasMessage("context c exists");
    assertThat(looks).hasValue(1);
    assertThat(supervisor.find("c")).containsSame(running);
  }

  @Test
  void a_context_that_its_driver_cannot_make_is_an_error_that_says_why() throws Exception {
    CompletionStage<Context> created = create("c");
    FakeDriver driver = launcher.next();
    driver.next(Command.MakeContext.class);
    driver.tell(new Event.ContextFailed(new Failure("no such master", "Oops", "stack")));

    JobserverException refusal = refusal(created);

    assertThat(refusal.code()).isEqualTo(ErrorCode.CONTEXT_INIT);
    assertThat(refusal.failure()).contains(new Failure("no such master", "Oops", "stack"));
    assertThat(recorded("c").state()).isEqualTo(ContextState.ERROR);
    assertThat(driver.process.isAlive()).isFalse();
  }

  @Test
  void a_driver_that_cannot_be_started_is_told_with_the_reason() {
    launcher.refuse("there is no spark-submit");

    assertThat(refusal(create("c"))).hasMessage("there is no spark-submit");
    assertThat(recorded("c").state()).isEqualTo(ContextState.ERROR);
  }

  @Test
  void a_driver_that_dies_while_it_starts_is_told_with_its_last_words() throws Exception {
    CompletionStage<Context> created = create("c");
    launcher.next().die("exit 1");

    Failure why = refusal(created).failure().orElseThrow();

    assertThat(why.message()).contains("exit 1");
    assertThat(why.stack()).contains("the driver's last words");
  }

  @Test
  void a_context_that_does_not_come_up_in_time_is_given_up() throws Exception {
    CompletionStage<Context> created = create("c", "{\"context-init-timeout\":\"100 ms\"}");

    assertThat(refusal(created)).hasMessageContaining("context-init-timeout");
    assertThat(launcher.next().process.isAlive()).isFalse();
  }

  @Test
  void a_job_runs_and_its_result_is_stored_before_anybody_is_told() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    Command.RunJob command = driver.next(Command.RunJob.class);
    assertThat(command.config()).isEqualTo("{\"a\":1}");

    driver.tell(new Event.JobStarted(command.jobId()));
    get(submission.started());
    driver.finish(command.jobId(), "[1]");

    assertThat(get(submission.ended()).job().state()).isEqualTo(JobState.FINISHED);
    try (InputStream in = dao.result(command.jobId()).orElseThrow().open()) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("[1]");
    }
  }

  @Test
  void a_driver_is_told_of_which_request_a_job_is() throws Exception {
    FakeDriver driver = running("c");
    submit("c");

    assertThat(driver.next(Command.RunJob.class).request()).isEqualTo("request-1");
  }

  @Test
  void who_observes_jobs_is_told_how_long_they_took_each_once() throws Exception {
    List<JobObserver.Times> told = new CopyOnWriteArrayList<>();
    JobObserver failing =
        (state, times) -> {
          throw new IllegalStateException("an observer that fails");
        };
    JobObserver broken =
        (state, times) -> {
          throw new AssertionError("an observer that is broken");
        };
    counters.observers(List.of(failing, broken, (state, times) -> told.add(times)));
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    String id = driver.next(Command.RunJob.class).jobId();
    driver.tell(new Event.JobEnded(id, Ending.FAILED, Failure.of("no"), 2_000, 30_000));
    get(submission.ended());

    JobObserver.Times times = told.get(0);
    assertThat(told).hasSize(1);
    assertThat(times.preparing()).contains(Duration.ofMillis(2));
    assertThat(times.running()).contains(Duration.ofMillis(30));
    assertThat(times.delivering().orElseThrow().plusMillis(32)).isEqualTo(times.total().get());
  }

  @Test
  void of_a_job_that_an_earlier_server_has_begun_the_time_is_not_known() throws Exception {
    BlockingQueue<JobObserver.Times> told = new LinkedBlockingQueue<>();
    counters.observers(List.of((state, times) -> told.add(times)));
    FakeDriver driver = running("c");
    String id = submit("c").job().id();
    driver.next(Command.RunJob.class);
    restart();
    driver.finish(id, "1");

    assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(JobObserver.Times.UNKNOWN);
  }

  @Test
  void after_a_restart_jobs_that_an_earlier_server_has_begun_count_as_running() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    driver.next(Command.RunJob.class);
    driver.tell(new Event.JobStarted(submission.job().id()));
    get(submission.started());
    restart();
    submit("c");

    assertThat(live("c").jobs().count()).isEqualTo(new ContextJobs.Count(2, 1));
  }

  @Test
  void after_a_restart_the_end_of_a_job_whose_context_is_over_is_counted() throws Exception {
    running("c");
    String id = submit("c").job().id();
    Context context = live("c").context();
    BlockingQueue<JobState> told = new LinkedBlockingQueue<>();
    counters.observers(List.of((state, times) -> told.add(state)));
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    assertThat(
            dao.updateContext(context.ended(ContextState.KILLED, Instant.EPOCH, Optional.empty())))
        .isTrue();
    supervisor = supervisor();

    JobState state = dao.job(id).orElseThrow().state();
    assertThat(state.isFinal()).isTrue();
    assertThat(told).containsExactly(state);
    assertThat(counters.counters())
        .containsEntry("jobs." + state.name().toLowerCase(Locale.ROOT), 1L);
  }

  @Test
  void contexts_and_jobs_are_counted_by_their_states() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    submit("c");
    driver.tell(new Event.JobStarted(submission.job().id()));
    get(submission.started());

    assertThat(new ContextMeasurements(supervisor).measurements())
        .filteredOn(one -> one.value() > 0)
        .extracting(one -> one.name() + one.labels() + one.value())
        .containsExactlyInAnyOrder(
            "jobserver_contexts{state=running}1.0",
            "jobserver_jobs{state=running}1.0",
            "jobserver_jobs{state=preparing}1.0");
  }

  @Test
  void workers_are_counted_as_long_as_their_drivers_are_in_reach() throws Exception {
    FakeDriver driver = running("c");
    driver.workers = new WorkerCount(2, 1);
    running("d").workers = new WorkerCount(1, 0);
    await(() -> workers().equals(List.of("{state=waiting}3.0", "{state=in_use}1.0")));

    driver.close(); // not a word from it any more
    await(() -> workers().equals(List.of("{state=waiting}1.0", "{state=in_use}0.0")));
    assertThat(live("c").context().state()).isEqualTo(ContextState.RUNNING);
  }

  private List<String> workers() {
    return new ContextMeasurements(supervisor)
        .measurements().stream()
            .filter(one -> one.name().equals("jobserver_workers"))
            .map(one -> one.labels().toString() + one.value())
            .toList();
  }

  @Test
  void a_refused_job_is_on_record_as_an_error() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    String id = driver.next(Command.RunJob.class).jobId();
    driver.tell(new Event.JobEnded(id, Ending.INVALID, Failure.of("input.strings not found")));

    assertThat(refusal(submission.started()).code()).isEqualTo(ErrorCode.VALIDATION);
    assertThat(get(submission.ended()).job().state()).isEqualTo(JobState.ERROR);
  }

  @Test
  void a_job_beyond_the_slots_is_refused_until_one_is_free() throws Exception {
    FakeDriver driver = running("c");
    live("c").jobs().takeSlot(2);
    Submission submission = submit("c");

    assertThatThrownBy(() -> live("c").jobs().takeSlot(2))
        .hasMessage("Too many running jobs (2) for job context 'c'");

    driver.finish(driver.next(Command.RunJob.class).jobId(), "1");
    get(submission.ended());
    live("c").jobs().takeSlot(2);
  }

  @Test
  void a_store_that_fails_for_a_while_loses_no_end_of_a_job() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    String id = driver.next(Command.RunJob.class).jobId();
    dao.failNext(3);
    driver.finish(id, "1");

    assertThat(get(submission.ended()).job().state()).isEqualTo(JobState.FINISHED);
  }

  @Test
  void a_killed_job_is_killed_once_its_driver_says_so() throws Exception {
    FakeDriver driver = running("c");
    String id = submit("c").job().id();
    driver.next(Command.RunJob.class);
    CompletionStage<Job> killed = live("c").jobs().kill(id).orElseThrow();

    assertThat(driver.next(Command.KillJob.class).jobId()).isEqualTo(id);
    assertThat(killed.toCompletableFuture()).isNotDone();
    driver.tell(new Event.JobEnded(id, Ending.KILLED, Failure.of("")));

    assertThat(get(killed).state()).isEqualTo(JobState.KILLED);
    assertThat(dao.killWishes()).isEmpty();
  }

  private static NamedObject shared(String name) {
    return new NamedObject(name, NamedObject.Kind.RDD, Optional.empty(), OptionalLong.of(5));
  }

  /** Asks what the jobs of a context share, once its driver has shown itself. */
  private CompletionStage<List<NamedObject>> ask(String name) throws InterruptedException {
    CompletionStage<List<NamedObject>> asked = live(name).namedObjects();
    while (asked.toCompletableFuture().isCompletedExceptionally()) {
      TimeUnit.MILLISECONDS.sleep(20);
      asked = live(name).namedObjects();
    }
    return asked;
  }

  @Test
  void the_driver_is_asked_what_jobs_share() throws Exception {
    FakeDriver driver = running("c");
    CompletionStage<List<NamedObject>> asked = ask("c");
    String id = driver.next(Command.ListNamedObjects.class).requestId();
    driver.answer(Event.NamedObjectsListed.of("another", List.of()));
    Event.NamedObjectsListed answer =
        Event.NamedObjectsListed.of(id, List.of(shared("b"), shared("a")));
    driver.answer(answer);
    driver.answer(answer);

    assertThat(get(asked)).containsExactly(shared("a"), shared("b"));
  }

  @Test
  void jobs_of_a_context_that_is_coming_up_share_nothing() throws Exception {
    create("c");

    assertThat(get(live("c").namedObjects())).isEmpty();
  }

  @Test
  void nobody_waits_for_a_driver_out_of_reach_to_say_what_jobs_share() throws Exception {
    FakeDriver driver = running("c");
    driver.close();
    await(() -> live("c").namedObjects().toCompletableFuture().isCompletedExceptionally());

    JobserverException refusal = refusal(live("c").namedObjects());

    assertThat(refusal.code()).isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(refusal).hasMessage("The driver of context c is out of reach. Try again.");
  }

  @Test
  void who_asks_what_jobs_share_is_told_when_the_context_dies() throws Exception {
    FakeDriver driver = running("c");
    CompletionStage<List<NamedObject>> asked = ask("c");
    driver.next(Command.ListNamedObjects.class);
    driver.die("signal 9");

    JobserverException refusal = refusal(asked);

    assertThat(refusal.code()).isEqualTo(ErrorCode.CONTEXT_NOT_FOUND);
    assertThat(refusal).hasMessage("can't find context with name c");
  }

  @Test
  void a_driver_that_dies_makes_its_context_killed_and_its_jobs_errors() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    driver.next(Command.RunJob.class);
    LiveContext context = live("c");
    driver.die("signal 9");

    Job job = get(submission.ended()).job();
    get(context.over());

    assertThat(job.state()).isEqualTo(JobState.ERROR);
    assertThat(job.failure().orElseThrow().message()).contains("signal 9");
    assertThat(recorded("c").state()).isEqualTo(ContextState.KILLED);
    assertThat(supervisor.find("c")).isEmpty();
    running("c");
  }

  @Test
  void a_result_in_the_outbox_of_a_dead_driver_is_not_lost() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    String id = driver.next(Command.RunJob.class).jobId();
    dao.failNext(5);
    driver.finish(id, "[2]");
    driver.die("signal 9");

    assertThat(get(submission.ended()).job().state()).isEqualTo(JobState.FINISHED);
    assertThat(dao.result(id)).isPresent();
  }

  @Test
  void a_stopped_context_is_finished_when_its_process_is_gone() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    CompletionStage<Context> stopped = supervisor.stop(live("c"));

    driver.next(Command.StopContext.class);
    driver.tell(new Event.ContextEnded(""));
    driver.process.end("exit 0");

    assertThat(get(stopped).state()).isEqualTo(ContextState.FINISHED);
    assertThat(get(submission.ended()).job().failure().orElseThrow().message())
        .isEqualTo("Context (c) for this job was terminated");
    assertThat(folder.resolve("contexts").resolve("id-1").resolve("outbox")).doesNotExist();
  }

  @Test
  void a_driver_that_does_not_end_is_killed() throws Exception {
    FakeDriver driver = running("c");

    assertThat(get(supervisor.stop(live("c"))).state()).isEqualTo(ContextState.FINISHED);
    assertThat(driver.process.isAlive()).isFalse();
  }

  @Test
  void a_stopping_context_takes_no_jobs() throws Exception {
    running("c");
    supervisor.stop(live("c"));

    assertThatThrownBy(() -> live("c").jobs().takeSlot(8))
        .isInstanceOfSatisfying(
            JobserverException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_STOPPING));
  }

  @Test
  void after_a_restart_a_living_driver_and_its_jobs_go_on() throws Exception {
    FakeDriver driver = running("c");
    String accepted = submit("c").job().id();
    assertThat(driver.next(Command.RunJob.class).jobId()).isEqualTo(accepted);

    restart();
    driver.finish(accepted, "[3]");
    Submission next = submit("c");
    String id = driver.next(Command.RunJob.class).jobId();
    driver.finish(id, "[4]");

    assertThat(id).isEqualTo(next.job().id());
    assertThat(get(next.ended()).job().state()).isEqualTo(JobState.FINISHED);
    await(() -> dao.job(accepted).orElseThrow().state() == JobState.FINISHED);
  }

  @Test
  void after_a_restart_a_committed_job_that_the_driver_never_got_is_dispatched_once()
      throws Exception {
    FakeDriver driver = running("c");
    Context context = live("c").context();
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    Job job =
        new Job(
            "job-x",
            context.id(),
            "c",
            1,
            EGG,
            "jobs.Job",
            Instant.EPOCH,
            Optional.empty(),
            JobState.STARTED,
            Optional.empty(),
            "");
    dao.insertJob(job, JobInput.of("{}"));
    supervisor = supervisor();

    assertThat(driver.next(Command.RunJob.class).jobId()).isEqualTo("job-x");
    driver.finish("job-x", "1");
    await(() -> dao.job("job-x").orElseThrow().state() == JobState.FINISHED);
    assertThat(driver.commands).noneMatch(Command.RunJob.class::isInstance);
  }

  private Binary lib() {
    Binary lib = new Binary("lib", BinaryType.WHEEL, Instant.EPOCH, "1".repeat(64), 5);
    dao.insertBinary(lib, Content.of(new byte[5]), "");
    return lib;
  }

  @Test
  void a_driver_is_told_what_a_job_depends_on() throws Exception {
    Binary lib = lib();
    FakeDriver driver = running("c");
    submit("c", JobInput.of("{}").with(List.of(lib)));

    assertThat(driver.next(Command.RunJob.class).dependencies())
        .containsExactly(Command.BinaryFile.of(lib));
  }

  @Test
  void a_driver_is_told_what_a_job_depends_on_that_it_gets_after_a_restart() throws Exception {
    Binary lib = lib();
    FakeDriver driver = running("c");
    Context context = live("c").context();
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    Job job = Samples.job("job-x", context.id(), "c");
    dao.insertBinary(job.binary(), Content.of(new byte[1]), "");
    dao.insertJob(job, JobInput.of("{}").with(List.of(lib)));
    supervisor = supervisor();

    Command.RunJob told = driver.next(Command.RunJob.class);
    assertThat(told.jobId()).isEqualTo("job-x");
    assertThat(told.dependencies()).containsExactly(Command.BinaryFile.of(lib));
  }

  @Test
  void a_context_knows_what_all_its_jobs_depend_on() throws Exception {
    running("list", "{\"dependent-py-uris\": [\"lib\", \"other\"]}");
    running("text", "{\"dependent-py-uris\": \"lib, other\"}");
    running("none");
    running("odd", "{\"dependent-py-uris\": [{}]}");

    assertThat(live("list").dependencies()).containsExactly("lib", "other");
    assertThat(live("text").dependencies()).containsExactly("lib", "other");
    assertThat(live("none").dependencies()).isEmpty();
    assertThat(live("odd").dependencies()).as("of an earlier server").isEmpty();
  }

  @Test
  void after_a_restart_a_kill_that_was_wished_is_carried_out() throws Exception {
    FakeDriver driver = running("c");
    String id = submit("c").job().id();
    driver.next(Command.RunJob.class);
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    dao.wishKill(id);
    supervisor = supervisor();

    assertThat(driver.next(Command.KillJob.class).jobId()).isEqualTo(id);
  }

  @Test
  void after_a_restart_a_context_whose_driver_is_gone_is_killed_and_its_jobs_say_why()
      throws Exception {
    FakeDriver driver = running("c");
    String id = submit("c").job().id();
    driver.next(Command.RunJob.class);
    Files.writeString(folder.resolve("keep-contexts"), "");
    supervisor.close();
    driver.die("signal 9");
    supervisor = supervisor();

    await(() -> recorded("c").state() == ContextState.KILLED);
    Job job = dao.job(id).orElseThrow();
    assertThat(job.state()).isEqualTo(JobState.ERROR);
    assertThat(job.failure().orElseThrow().message())
        .startsWith("Reconnect failed after Jobserver restart");
  }

  @Test
  void after_a_restart_a_context_that_was_stopping_is_stopped_in_time() throws Exception {
    FakeDriver driver = running("c");
    supervisor.stop(live("c"));
    restart();

    await(() -> recorded("c").state() == ContextState.FINISHED);
    assertThat(driver.process.isAlive()).isFalse();
  }

  @Test
  void what_a_driver_has_made_unreadable_does_not_hold_up_its_end() throws Exception {
    FakeDriver driver = running("c");
    Path work = Files.createDirectories(folder.resolve("contexts/id-1/work/sub"));
    Files.setPosixFilePermissions(work, Set.of());
    try {
      CompletionStage<Context> stopped = supervisor.stop(live("c"));
      driver.process.end("exit 0");
      assertThat(get(stopped).state()).isEqualTo(ContextState.FINISHED);
    } finally {
      if (Files.exists(work)) {
        Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwx------"));
      }
    }
  }

  @Test
  void closing_stops_all_contexts() throws Exception {
    FakeDriver driver = running("c");

    supervisor.close();

    assertThat(recorded("c").state()).isEqualTo(ContextState.FINISHED);
    assertThat(driver.process.isAlive()).isFalse();
    supervisor = supervisor();
  }

  @Test
  void closing_leaves_contexts_running_when_asked_to() throws Exception {
    FakeDriver driver = running("c");
    Files.writeString(folder.resolve("keep-contexts"), "");

    supervisor.close();

    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);
    assertThat(driver.process.isAlive()).isTrue();
    assertThat(folder.resolve("keep-contexts")).doesNotExist();
    supervisor = supervisor();
  }

  @Test
  void the_address_of_the_link_is_published() throws Exception {
    assertThat(Files.readString(folder.resolve("link-url"))).startsWith("http://127.0.0.1:");
  }

  @Test
  void a_link_with_tls_is_one_to_which_drivers_find_back_after_a_restart() throws Exception {
    security = new LinkSecurity(Optional.of(own()));
    restart();
    FakeDriver driver = running("c");
    assertThat(Files.readString(folder.resolve("link-url"))).startsWith("https://127.0.0.1:");
    security = new LinkSecurity(Optional.of(own()));

    restart();
    Submission next = submit("c");

    assertThat(driver.next(Command.RunJob.class).jobId()).isEqualTo(next.job().id());
  }

  private LinkTls own() throws Exception {
    return LinkTls.pinned(OwnCertificate.in(folder.resolve("link-tls")));
  }

  @Test
  void a_driver_that_could_not_enrol_tells_why_its_context_fails() throws Exception {
    CompletionStage<Context> created = create("c");
    FakeDriver driver = launcher.next();
    Files.writeString(
        folder.resolve("contexts/id-1").resolve(EnrolmentFile.LAST_WORDS),
        "the server at x cannot be verified: y");

    driver.exit();

    assertThat(refusal(created).failure().orElseThrow().message())
        .isEqualTo("The driver ended: the server at x cannot be verified: y");
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not come true");
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  // Contexts that end with their jobs

  private static final String AD_HOC = "{\"is-adhoc\":\"true\"}";

  @Test
  void a_context_for_one_job_stops_when_that_has_ended_however() throws Exception {
    for (Ending ending : List.of(Ending.FINISHED, Ending.FAILED)) {
      FakeDriver driver = running("c", AD_HOC);
      Submission submission = submit("c");
      driver.next(Command.RunJob.class);
      driver.end(submission.job().id(), ending);

      driver.next(Command.StopContext.class);
      driver.exit();
      await(() -> recorded("c").state() == ContextState.FINISHED);
      assertThat(get(submission.ended()).job().state().isFinal()).isTrue();
    }
  }

  @Test
  void another_context_goes_on_when_a_job_has_failed() throws Exception {
    FakeDriver driver = running("c");
    Submission submission = submit("c");
    driver.next(Command.RunJob.class);
    driver.end(submission.job().id(), Ending.FAILED);
    get(submission.ended());

    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);
    submit("c");
    driver.next(Command.RunJob.class);
  }

  @Test
  void a_context_that_shall_stop_on_errors_stops_on_an_error_only() throws Exception {
    FakeDriver driver = running("c", "{\"stop-context-on-job-error\":\"true\"}");
    for (Ending ending : List.of(Ending.FINISHED, Ending.INVALID)) {
      Submission fine = submit("c");
      driver.next(Command.RunJob.class);
      driver.end(fine.job().id(), ending);
      get(fine.ended());
    }
    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);

    Submission failing = submit("c");
    driver.next(Command.RunJob.class);
    driver.end(failing.job().id(), Ending.FAILED);
    driver.next(Command.StopContext.class);
  }

  @Test
  void after_a_restart_a_context_for_one_job_that_has_none_is_stopped() throws Exception {
    FakeDriver driver = running("c", AD_HOC);
    restart();
    driver.next(Command.StopContext.class);
  }

  @Test
  void after_a_restart_a_context_for_one_job_waits_for_it() throws Exception {
    FakeDriver driver = running("c", AD_HOC);
    Submission submission = submit("c");
    driver.next(Command.RunJob.class);
    restart();
    await(() -> live("c").context().state() == ContextState.RUNNING);
    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);

    driver.end(submission.job().id(), Ending.FINISHED);
    driver.next(Command.StopContext.class);
  }

  @Test
  void no_more_contexts_than_allowed_are_there_at_once() throws Exception {
    FakeDriver first = running("c0");
    for (int i = 1; i < MOST_CONTEXTS; i++) {
      running("c" + i);
    }
    assertThatThrownBy(() -> create("one more"))
        .isInstanceOfSatisfying(
            JobserverException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_CONTEXTS))
        .hasMessageContaining("max-contexts");
    assertThat(dao.latestContext("one more")).isEmpty();

    CompletionStage<Context> over = supervisor.stop(live("c0"));
    first.exit();
    get(over);
    await(() -> supervisor.all().size() < MOST_CONTEXTS);
    running("one more");
  }

  @Test
  void a_refused_job_gives_its_key_back() throws Exception {
    FakeDriver driver = running("c");
    for (Ending ending : List.of(Ending.INVALID, Ending.NOT_FOUND)) {
      Submission submission = submit("c", new RequestKey("me", "key", "request"));
      assertThat(dao.keyUsed("me", "key")).isPresent();
      driver.next(Command.RunJob.class);
      driver.end(submission.job().id(), ending);
      get(submission.ended());
      assertThat(dao.keyUsed("me", "key")).isEmpty();
    }
    Submission submission = submit("c", new RequestKey("me", "key", "request"));
    driver.next(Command.RunJob.class);
    driver.end(submission.job().id(), Ending.FAILED);
    get(submission.ended());
    assertThat(dao.keyUsed("me", "key")).isPresent();
  }

  @Test
  void only_ends_that_nobody_knows_yet_are_called_back() throws Exception {
    FakeDriver driver = running("c");
    Map<Ending, Boolean> told =
        Map.of(
            Ending.FINISHED, true,
            Ending.FAILED, true,
            Ending.INVALID, false,
            Ending.NOT_FOUND, false,
            Ending.KILLED, false);
    for (Map.Entry<Ending, Boolean> end : told.entrySet()) {
      Submission submission =
          submit("c", new JobInput("{}", Optional.of("http://host"), Optional.empty()));
      driver.next(Command.RunJob.class);
      driver.end(submission.job().id(), end.getKey());
      get(submission.ended());
      assertThat(dao.callback(submission.job().id()).isPresent())
          .as("%s", end.getKey())
          .isEqualTo(end.getValue());
    }
  }

  @Test
  void what_becomes_of_contexts_and_jobs_is_counted() throws Exception {
    FakeDriver driver = running("c");
    for (Ending ending : List.of(Ending.FINISHED, Ending.FINISHED, Ending.FAILED)) {
      Submission submission = submit("c");
      driver.next(Command.RunJob.class);
      if (ending == Ending.FINISHED) { // else its end says it too
        driver.tell(new Event.JobStarted(submission.job().id()));
      }
      driver.end(submission.job().id(), ending);
      get(submission.ended());
    }
    assertThat(counters.counters())
        .containsEntry("jobs.started", 3L)
        .containsEntry("jobs.running", 3L)
        .containsEntry("jobs.finished", 2L)
        .containsEntry("jobs.error", 1L)
        .containsEntry("jobs.killed", 0L)
        .containsEntry("contexts.started", 1L)
        .containsEntry("contexts.running", 1L)
        .containsEntry("contexts.killed", 0L);
  }

  // The store goes and comes back

  @Test
  void whatRunsGoesOnWhileTheStoreIsAway() throws Exception {
    FakeDriver driver = running("c");
    Submission waited = submit("c");
    String job = driver.next(Command.RunJob.class).jobId();

    storeReturns();

    assertThat(refusal(waited.ended()).code()).isEqualTo(ErrorCode.TIMEOUT);
    assertThat(get(waited.started())).isNull();
    assertThat(recorded("c").state()).isEqualTo(ContextState.RUNNING);
    assertThat(dao.job(job).orElseThrow().state().isFinal()).isFalse();
    assertThat(launcher.started).as("further drivers").isEmpty();
    driver.finish(job, "[3]");
    await(() -> dao.job(job).orElseThrow().state() == JobState.FINISHED);
  }

  @Test
  void whoeverWaitsForAContextIsToldThatTheStoreHasGone() throws Exception {
    running("c");
    CompletionStage<Context> stopped = supervisor.stop(live("c"));
    CompletionStage<Context> created = create("late");
    FakeDriver driver = launcher.next();
    driver.next(Command.MakeContext.class);

    storeReturns();

    assertThat(refusal(created).code()).isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(refusal(stopped).code()).isEqualTo(ErrorCode.UNAVAILABLE);
    driver.ready();
    await(() -> recorded("late").state() == ContextState.RUNNING);
  }
}
