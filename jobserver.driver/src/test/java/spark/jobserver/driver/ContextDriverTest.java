package spark.jobserver.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.WorkerCount;
import spark.jobserver.boot.ContextClassLoader;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;
import spark.jobserver.link.Hello.ContextProgress;

/** A driver with the real link to a server, and a context that does what the test says. */
@Timeout(60)
class ContextDriverTest {
  private static final Failure NONE = Failure.of("");
  private static final String STOPPED = "Context (py) for this job was terminated";

  @TempDir Path folder;
  private Path home;
  private Server server;
  private final NotingFactory factory = new NotingFactory();
  private final List<Factories.Jar> installed = new ArrayList<>();
  private final CountDownLatch exited = new CountDownLatch(1);
  private ContextDriver driver;
  private String bundle;
  private String binary;

  @BeforeEach
  void start() throws Exception {
    home = Files.createDirectories(folder.resolve("context"));
    server = new Server(folder.resolve("spool"));
    bundle = server.serve("a bundle".getBytes(StandardCharsets.UTF_8));
    binary = server.serve("an egg".getBytes(StandardCharsets.UTF_8));
    Factories factories =
        (name, bundles) -> {
          if (!name.equals("noting")) {
            throw new IllegalStateException("no factory " + name);
          }
          installed.addAll(bundles);
          return new Factories.Factory(factory, getClass().getClassLoader());
        };
    driver =
        new ContextDriver(
            server.enrolment(),
            home,
            new ContextMaker(ClassLoader.getPlatformClassLoader(), factories),
            exited::countDown);
    driver.start("4.0.5");
  }

  @AfterEach
  void stop() throws Exception {
    driver.shutdown();
    server.close();
  }

  private Command.MakeContext make(String factoryName) {
    return new Command.MakeContext(
        "py",
        factoryName,
        List.of(new Command.BundleFile("noting", "1.0.0", bundle)),
        "{\"num-cpu-cores\": 2}");
  }

  private void ready() throws InterruptedException {
    server.command(make("noting"));
    assertThat(server.event()).isInstanceOf(Event.ContextReady.class);
  }

  private Command.RunJob run(String jobId) {
    return run(jobId, "a.B");
  }

  private Command.RunJob run(String jobId, String classPath) {
    return new Command.RunJob(
        jobId,
        classPath,
        new Command.BinaryFile("app", "Egg", 5, binary, 6),
        List.of(),
        "{\"input\": 1}");
  }

  private NotingFactory.Begun begin(String jobId) throws InterruptedException {
    server.command(run(jobId));
    return Server.next(factory.begun);
  }

  private static Event killed(String jobId) {
    return new Event.JobEnded(jobId, Event.Ending.KILLED, NONE);
  }

  private static Event failed(String jobId, String why) {
    return new Event.JobEnded(jobId, Event.Ending.FAILED, Failure.of(why));
  }

  private void assertLeft() throws InterruptedException {
    assertThat(exited.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void makesTheContextThroughTheFactoryThatItWasSent() throws Exception {
    server.command(make("noting"));

    assertThat(server.event())
        .isEqualTo(new Event.ContextReady("local-1", "http://127.0.0.1:4040"));
    NotingFactory.Made made = Server.next(factory.made);
    Path jar = home.resolve("bundles").resolve(bundle + ".jar");
    assertThat(jar).hasContent("a bundle");
    assertThat(made.request().id()).isEqualTo(Server.CONTEXT);
    assertThat(made.request().name()).isEqualTo("py");
    assertThat(made.request().settings().getInt("num-cpu-cores")).isEqualTo(2);
    assertThat(made.request().folder()).isEqualTo(home);
    assertThat(made.request().bundles()).containsExactly(jar);
    assertThat(made.classes()).isInstanceOf(ContextClassLoader.class);
    assertThat(installed)
        .containsExactly(new Factories.Jar(new Command.BundleFile("noting", "1.0.0", bundle), jar));
  }

  @Test
  void makesOneContextHoweverOftenItIsTold() throws Exception {
    factory.allowed = new CountDownLatch(1);
    server.command(make("noting"));
    server.command(make("noting"));
    factory.allowed.countDown();

    assertThat(server.event()).isInstanceOf(Event.ContextReady.class);
    server.command(make("noting"));
    begin("a");
    assertThat(factory.made).hasSize(1);
  }

  @Test
  void tellsWhyTheContextCannotBeMadeAndEnds() throws Exception {
    factory.refusal = Optional.of(new IllegalArgumentException("no such master"));
    server.command(make("noting"));

    Event.ContextFailed failed = (Event.ContextFailed) server.event();
    assertThat(failed.failure().message()).isEqualTo("no such master");
    assertThat(failed.failure().errorClass()).isEqualTo("java.lang.IllegalArgumentException");
    assertLeft();
  }

  @Test
  void tellsThatThereIsNoSuchFactoryAndEnds() throws Exception {
    server.command(make("unheard-of"));

    Event.ContextFailed failed = (Event.ContextFailed) server.event();
    assertThat(failed.failure().message()).isEqualTo("no factory unheard-of");
    assertLeft();
  }

  @Test
  void runsAJob() throws Exception {
    ready();
    NotingFactory.Begun job = begin("a");
    job.listener().validated();
    assertThat(server.event()).isEqualTo(new Event.JobStarted("a"));
    job.listener()
        .ended(new JobOutcome.Finished(Content.of("{\"x\": 1}".getBytes(StandardCharsets.UTF_8))));

    assertThat(Server.next(server.told))
        .isEqualTo(
            new Server.Told(new Event.JobEnded("a", Event.Ending.FINISHED, NONE), "{\"x\": 1}"));
    assertThat(job.request().id()).isEqualTo("a");
    assertThat(job.request().classPath()).isEqualTo("a.B");
    assertThat(job.request().config()).isEqualTo("{\"input\": 1}");
    assertThat(job.request().binary()).isEqualTo(run("a").binary().binary());
    assertThat(job.request().archive())
        .isEqualTo(home.resolve("binaries").resolve(binary).resolve(binary + ".egg"))
        .hasContent("an egg");
    assertThat(job.request().log()).isEqualTo(home.resolve("log/jobs/a.log"));
    assertThat(job.request().log().getParent()).isDirectory();
    assertThat(job.classes()).isSameAs(Server.next(factory.made).classes());
  }

  @Test
  void jobsSeeWhatTheFactoryHasAddedToTheClassLoader() throws Exception {
    ClassLoader more = new ClassLoader(getClass().getClassLoader()) {};
    factory.replacement = Optional.of(more);
    ready();
    assertThat(begin("a").classes()).isSameAs(more);
  }

  @Test
  void tellsHowFarAJobIs() throws Exception {
    ready();
    NotingFactory.Begun job = begin("a");
    job.listener().progressed(new Progress(2, 1, 16, 9, 4, 1));

    assertThat(server.event())
        .isEqualTo(new Event.JobProgress("a", new Progress(2, 1, 16, 9, 4, 1)));
  }

  @Test
  void tellsWhatJobsShare() throws Exception {
    NamedObject shared =
        new NamedObject("a", NamedObject.Kind.RDD, Optional.empty(), OptionalLong.of(5));
    factory.objects = () -> List.of(shared);
    ready();
    server.command(new Command.ListNamedObjects("1"));

    assertThat(server.event()).isEqualTo(Event.NamedObjectsListed.of("1", List.of(shared)));
  }

  @Test
  void tellsThatJobsShareNothingBeforeThereIsAContext() throws Exception {
    server.command(new Command.ListNamedObjects("1"));

    assertThat(server.event()).isEqualTo(new Event.NamedObjectsListed("1", List.of()));
  }

  @Test
  void holdsUpNothingForAContextThatDoesNotTellWhatJobsShare() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    factory.objects =
        () -> {
          asked.countDown();
          awaitQuietly(told);
          return List.of();
        };
    ready();
    server.command(new Command.ListNamedObjects("1"));
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    begin("a");
    server.command(new Command.KillJob("a"));

    assertThat(server.event()).isEqualTo(killed("a"));
    told.countDown();
    assertThat(server.event()).isEqualTo(new Event.NamedObjectsListed("1", List.of()));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void answersTheNextQuestionThoughTheContextFailedAtOne() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    factory.objects =
        () -> {
          asked.countDown();
          throw new IllegalStateException("it does not know, as the test wants it");
        };
    ready();
    server.command(new Command.ListNamedObjects("1"));
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    factory.objects = List::of;
    server.command(new Command.ListNamedObjects("2"));

    assertThat(server.event()).isEqualTo(new Event.NamedObjectsListed("2", List.of()));
  }

  @Test
  void tellsOfItsWorkersWithItsSignsOfLife() throws Exception {
    assertThat(Server.next(server.heartbeats).workers()).isEqualTo(WorkerCount.NONE);
    factory.workers = () -> new WorkerCount(3, 2);
    ready();

    while (!Server.next(server.heartbeats).workers().equals(new WorkerCount(3, 2))) {
      assertThat(exited.getCount()).isOne();
    }
    factory.workers =
        () -> {
          throw new IllegalStateException("it does not know, as the test wants it");
        };
    while (!Server.next(server.heartbeats).workers().equals(WorkerCount.NONE)) {
      assertThat(exited.getCount()).isOne();
    }
  }

  @Test
  void givesSignsOfLifeThoughTheContextDoesNotTellItsWorkers() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    factory.workers =
        () -> {
          asked.countDown();
          awaitQuietly(told);
          return new WorkerCount(1, 0);
        };
    ready();
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    server.heartbeats.clear();

    for (int i = 0; i < 3; i++) {
      assertThat(Server.next(server.heartbeats).workers()).isEqualTo(WorkerCount.NONE);
    }
    told.countDown();
  }

  @Test
  void runsAJobOnceThoughARestartedServerAsksAgain() throws Exception {
    ready();
    Server.next(server.hellos);
    begin("a");
    server.restart();
    server.command(make("noting"));
    server.command(run("a"));

    begin("b");
    assertThat(factory.begun).isEmpty();
    assertThat(Server.next(server.hellos))
        .satisfies(
            hello -> {
              assertThat(hello.state()).isEqualTo(ContextProgress.READY);
              assertThat(hello.applicationId()).isEqualTo("local-1");
              assertThat(hello.url()).isEqualTo("http://127.0.0.1:4040");
              assertThat(hello.jobs()).containsExactly("a");
            });
  }

  @Test
  void failsAJobThatComesBeforeTheContextIsReady() throws Exception {
    server.command(run("a"));

    assertThat(server.event()).isEqualTo(failed("a", "The context is not ready for jobs yet"));
  }

  @Test
  void failsAJobThatCannotBeBegun() throws Exception {
    ready();
    server.command(run("a", "cannot.Begin"));

    Event.JobEnded ended = (Event.JobEnded) server.event();
    assertThat(ended.ending()).isEqualTo(Event.Ending.FAILED);
    assertThat(ended.failure().message()).isEqualTo("no worker");
  }

  @Test
  void failsAJobWhoseBinaryTheServerDoesNotHave() throws Exception {
    ready();
    server.command(
        new Command.RunJob(
            "a",
            "a.B",
            new Command.BinaryFile("app", "Egg", 5, "ef".repeat(32), 6),
            List.of(),
            "{}"));

    Event.JobEnded ended = (Event.JobEnded) server.event();
    assertThat(ended.ending()).isEqualTo(Event.Ending.FAILED);
    assertThat(ended.failure().message()).contains("binary").contains("does not have it");
  }

  @Test
  void givesAJobTheBinariesThatItDependsOnInTheirOrder() throws Exception {
    String second = server.serve("second".getBytes(StandardCharsets.UTF_8));
    String first = server.serve("first".getBytes(StandardCharsets.UTF_8));
    ready();
    server.command(
        new Command.RunJob(
            "a",
            "a.B",
            new Command.BinaryFile("app", "Egg", 5, binary, 6),
            List.of(
                new Command.BinaryFile("one", "Wheel", 6, first, 5),
                new Command.BinaryFile("two", "Egg", 7, second, 6)),
            "{}"));

    List<JobRequest.Dependency> dependencies = Server.next(factory.begun).request().dependencies();
    assertThat(dependencies)
        .extracting(dependency -> dependency.binary().name())
        .containsExactly("one", "two");
    assertThat(dependencies.get(0).archive()).hasContent("first").hasFileName(first + ".whl");
    assertThat(dependencies.get(1).archive()).hasContent("second").hasFileName(second + ".egg");
  }

  @Test
  void killsAJobThatRuns() throws Exception {
    ready();
    begin("a");
    server.command(new Command.KillJob("a"));

    assertThat(server.event()).isEqualTo(killed("a"));
  }

  @Test
  void killsAJobWhoseBinaryIsStillBeingFetchedAndFetchesOnce() throws Exception {
    CountDownLatch binaries = new CountDownLatch(1);
    server.holdBinaries(binaries);
    ready();
    server.command(run("a"));
    server.command(run("b"));
    server.command(new Command.KillJob("a"));

    assertThat(server.event()).isEqualTo(killed("a"));

    binaries.countDown();
    assertThat(Server.next(factory.begun).request().id()).isEqualTo("b");
    begin("c");
    assertThat(factory.begun).isEmpty();
    assertThat(server.binaryRequests).hasValue(1);
  }

  @Test
  void answersTheKillOfAJobThatItNeverHeardOfAndWillNotRunIt() throws Exception {
    ready();
    server.command(new Command.KillJob("a"));
    assertThat(server.event()).isEqualTo(killed("a"));

    server.command(run("a"));

    begin("b");
    assertThat(factory.begun).isEmpty();
  }

  @Test
  void endsAllWhenTheContextIsStopped() throws Exception {
    ready();
    begin("a");
    factory.closing = new CountDownLatch(1);
    server.command(new Command.StopContext());
    server.command(run("b"));

    assertThat(List.of(server.event(), server.event()))
        .containsExactlyInAnyOrder(failed("a", STOPPED), failed("b", STOPPED));
    factory.closing.countDown();
    assertThat(server.event()).isEqualTo(new Event.ContextEnded(""));
    assertThat(factory.closed.getCount()).isZero();
    assertLeft();
  }

  @Test
  void tellsTheEndOfAJobThatDoesNotEndWhenItsContextIsClosed() throws Exception {
    ready();
    begin("a");
    factory.deaf = true;
    server.command(new Command.StopContext());

    assertThat(server.event()).isEqualTo(failed("a", STOPPED));
    assertThat(server.event()).isEqualTo(new Event.ContextEnded(""));
    assertLeft();
  }

  @Test
  void stopsWhileTheContextIsBeingMade() throws Exception {
    factory.allowed = new CountDownLatch(1);
    server.command(make("noting"));
    Server.next(factory.made);
    server.command(new Command.StopContext());

    assertThat(server.event()).isEqualTo(new Event.ContextEnded(""));
    assertLeft();
  }

  @Test
  void stopsWithoutAContext() throws Exception {
    server.command(new Command.StopContext());

    assertThat(server.event()).isEqualTo(new Event.ContextEnded(""));
    assertLeft();
  }

  @Test
  void endsWhenTheContextIsBroken() throws Exception {
    ready();
    begin("a");
    Path log = ContextRequest.driverLog(home);
    Files.createDirectories(log.getParent());
    Files.writeString(log, "26/01/01 12:00:00 ERROR Scheduler: all masters are gone\n");
    factory.broken.complete("SparkContext was shut down");

    assertThat(server.event())
        .isEqualTo(
            new Event.JobEnded(
                "a",
                Event.Ending.FAILED,
                new Failure(
                    "Unexpected termination of context "
                        + Server.CONTEXT
                        + ": SparkContext was shut down",
                    "",
                    "26/01/01 12:00:00 ERROR Scheduler: all masters are gone")));
    assertThat(server.event()).isEqualTo(new Event.ContextEnded("SparkContext was shut down"));
    assertThat(factory.closed.getCount()).isZero();
    assertLeft();
  }

  @Test
  void endsWhenTheServerDoesNotWantItAnyMore() throws Exception {
    ready();
    server.over();

    assertLeft();
    assertThat(factory.closed.getCount()).isZero();
  }

  @Test
  void closesTheContextWhenTheProcessIsToldToEnd() throws Exception {
    ready();
    driver.shutdown();

    assertThat(server.event()).isEqualTo(new Event.ContextEnded("its process was told to end"));
    assertThat(factory.closed.getCount()).isZero();
    assertLeft();
  }
}
