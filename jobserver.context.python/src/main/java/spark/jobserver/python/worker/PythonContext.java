package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import spark.jobserver.api.Failure;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.api.context.RunningJob;
import spark.jobserver.api.context.WorkerCount;

/** A running context with its Python processes. */
public final class PythonContext implements RunningContext {
  private static final Duration JOBS_PATIENCE = Duration.ofSeconds(5);
  private static final Logger logger = LoggerFactory.getLogger(PythonContext.class);

  /** What a factory knows of the contexts that it makes. */
  public interface Recipe {
    /** The factory's class, for messages. */
    String factory();

    /** The settings that the context is made with, of those that were asked for. */
    Config settings(Config settings);

    /** Sets what the context needs of Spark's configuration. */
    void configure(SparkConf conf, Config settings);

    /** Makes the JVM's side of the context. */
    Object makeContext(SparkConf conf, Config settings, String name) throws Exception;

    /** Java classes and packages that jobs need not qualify. */
    List<String> py4JImports();

    /** Folders of modules within the factory's bundle. */
    List<String> pythonFiles();

    /** Jars within the factory's bundle, for the context's class loader and for executors. */
    List<String> jars();

    /** Ends what {@link #makeContext} made. */
    void close(Object context) throws Exception;
  }

  private final String name;
  private final CheckedRecipe recipe;
  private final ExtensionJars jars;
  private final ContextFolder folder;
  private final Object made;
  private final SparkContext spark;
  private final Workers workers;
  private final SparkProgress progress;
  private final NamedObjects namedObjects;
  private final JobNeeds needs;

  /** Those that run, and what is done when they do not any more. */
  private final Map<PythonJob, CompletableFuture<Void>> jobs = new ConcurrentHashMap<>();

  private final CompletableFuture<String> broken = new CompletableFuture<>();
  private volatile boolean closed;

  private PythonContext(
      ContextRequest request,
      CheckedRecipe recipe,
      ExtensionJars jars,
      ContextFolder folder,
      Object made,
      SparkContext spark,
      Workers workers,
      SparkProgress progress,
      NamedObjects namedObjects,
      JobNeeds needs) {
    this.name = request.name();
    this.recipe = recipe;
    this.jars = jars;
    this.folder = folder;
    this.made = made;
    this.spark = spark;
    this.workers = workers;
    this.progress = progress;
    this.namedObjects = namedObjects;
    this.needs = needs;
  }

  /**
   * Makes a context. The zygote starts while Spark does; then both and a first worker are awaited.
   * Where the factory has jars the calling thread's context class loader sees them from then on.
   *
   * @throws Exception when one of the three cannot be had, with words for the caller
   */
  public static RunningContext make(ContextRequest asked, Recipe factory) throws Exception {
    CheckedRecipe recipe = new CheckedRecipe(factory);
    ContextRequest request =
        new ContextRequest(
            asked.id(),
            asked.name(),
            recipe.settings(asked.settings()),
            asked.folder(),
            asked.bundles());
    ContextFolder folder = new ContextFolder(request.folder());
    ExtensionJars jars = ExtensionJars.unpack(request.bundles().get(0), recipe, folder.jars());
    Thread.currentThread()
        .setContextClassLoader(jars.over(Thread.currentThread().getContextClassLoader()));
    ContextThreads threads = ContextThreads.ofCaller();
    PythonSettings settings = PythonSettings.of(request.settings());
    SparkConf conf = new SparkConf().setAppName(request.name());
    Optional<PackedEnvironment> environment = environment(settings, folder);
    PythonDefaults.apply(conf, executorsPython(conf, settings, environment));
    recipe.configure(conf, request.settings());
    BundledPython python =
        BundledPython.unpack(request.bundles(), recipe.pythonFiles(), folder.python());
    Optional<ExecutorDaemon> daemon =
        ExecutorDaemon.use(conf, settings, python, folder.python().resolve("daemon"));
    Reception reception = Reception.open(folder.root(), threads);
    Workers workers =
        new Workers(
            PythonDefaults.zygote(
                conf, settings, environment, python, daemon, folder, reception.socket()),
            reception,
            settings.idleWorkers(),
            settings.mostIdleWorkers(),
            settings.longestLog(),
            threads);
    Object made = null;
    try {
      CompletableFuture<Worker> first = workers.take(""); // none in particular
      made = recipe.makeContext(conf, request.settings(), request.name());
      SparkContext spark = activeSparkContext(recipe);
      SparkJobs jobs = new SparkJobs(spark);
      JvmSide jvm = jvmSide(made, spark, jobs, recipe.py4JImports(), threads);
      workers.serve(jvm);
      Shipments.Carrier carrier = new SparkCarrier(spark);
      daemon.map(ExecutorDaemon::file).ifPresent(carrier::file);
      if (environment.isPresent() && !PackedEnvironment.isWithinDriver(spark.master())) {
        carrier.unpacked(environment.get().archive(), PackedEnvironment.NAME);
      }
      Shipments shipments = new Shipments(python.executors(), folder.shipped(), carrier);
      addJars(request.bundles(), spark);
      jars.ship(spark);
      workers.giveBack(get(first));
      SparkProgress progress = new SparkProgress(spark, threads);
      NamedObjects namedObjects = new NamedObjects(jvm.entryPoint().namedObjects(), spark);
      JobNeeds needs =
          new JobNeeds(
              workers,
              progress,
              shipments,
              new Results(folder.results(), threads),
              new LastWords(
                  ContextRequest.driverLog(folder.root()),
                  executor -> ExecutorLogs.address(spark, executor)),
              words(request, settings, folder),
              settings.reuseWorkers());
      PythonContext context =
          new PythonContext(
              request, recipe, jars, folder, made, spark, workers, progress, namedObjects, needs);
      jobs.applicationEnd().thenAccept(context::broke);
      return context;
    } catch (Exception | LinkageError e) {
      workers.close();
      end(recipe, jars, made, folder);
      throw e;
    }
  }

  private static Optional<PackedEnvironment> environment(
      PythonSettings settings, ContextFolder folder) throws IOException, InterruptedException {
    return settings.environment().isPresent()
        ? Optional.of(PackedEnvironment.unpack(settings.environment().get(), folder.environment()))
        : Optional.empty();
  }

  private static String executorsPython(
      SparkConf conf, PythonSettings settings, Optional<PackedEnvironment> environment)
      throws IOException {
    return environment.isPresent()
        ? environment
            .get()
            .executorsPython(conf.get("spark.master", ""), Path.of("").toAbsolutePath())
        : settings.executable();
  }

  /** Spark brings files to the executors that there are and to those to come. */
  private record SparkCarrier(SparkContext spark) implements Shipments.Carrier {
    @Override
    public void file(Path file) {
      spark.addFile(file.toUri().toString());
    }

    @Override
    public void unpacked(Path archive, String folderName) {
      spark.addArchive(archive.toUri() + "#" + folderName);
    }
  }

  private static ObjectNode words(
      ContextRequest request, PythonSettings settings, ContextFolder folder) {
    return Connection.JSON
        .createObjectNode()
        .put("unpacked", folder.unpacked().toString())
        .put("contextConfig", request.settings().root().render(ConfigRenderOptions.concise()))
        .put("longestResult", settings.longestResult())
        .put("memory", settings.workerMemory());
  }

  private static SparkContext activeSparkContext(CheckedRecipe recipe) {
    Option<SparkContext> active = SparkContext$.MODULE$.getActive();
    if (active.isEmpty()) {
      throw recipe.wrong("makeContext", "returned, but there is no SparkContext: it must make one");
    }
    return active.get();
  }

  private static JvmSide jvmSide(
      Object made,
      SparkContext spark,
      SparkJobs jobs,
      List<String> imports,
      ContextThreads threads) {
    ContextKind kind = ContextKind.of(made);
    Optional<SparkSession> session = kind.session(made);
    EntryPoint entryPoint =
        new EntryPoint(session.orElse(null), JavaSparkContext.fromSparkContext(spark), made);
    Optional<StreamingQueries> queries =
        session.map(running -> new StreamingQueries(running, threads));
    return new JvmSide(kind, entryPoint, spark, jobs, queries, imports);
  }

  /** Executors need the classes of an extension; our own bundle has none for them. */
  private static void addJars(List<Path> bundles, SparkContext spark) throws IOException {
    if (!BundledPython.isIn(bundles.get(0))) {
      for (Path bundle : bundles) {
        spark.addJar(bundle.toUri().toString());
      }
    }
  }

  private static Worker get(CompletableFuture<Worker> first)
      throws WorkersUnavailable, InterruptedException {
    try {
      return first.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WorkersUnavailable unavailable) {
        throw unavailable;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public String applicationId() {
    return spark.applicationId();
  }

  @Override
  public Optional<String> url() {
    Option<String> url = spark.uiWebUrl();
    return url.isDefined() ? Optional.of(url.get()) : Optional.empty();
  }

  @Override
  public RunningJob run(JobRequest request, JobListener listener) {
    if (spark.isStopped()) {
      broke("Spark's context was stopped");
    }
    PythonJob job = new PythonJob(request, listener, needs);
    CompletableFuture<Void> end = new CompletableFuture<>();
    synchronized (this) {
      if (closed || broken.isDone()) {
        throw new IllegalStateException("context " + name + " runs no more jobs");
      }
      jobs.put(job, end);
    }
    // On this thread: to wake another takes longer than much of what a short job does.
    Thread thread = Thread.currentThread();
    String idle = thread.getName();
    thread.setName("job-" + request.id());
    try {
      listener.begun(job);
      job.run();
    } finally {
      thread.setName(idle);
      jobs.remove(job);
      end.complete(null);
    }
    return job;
  }

  @Override
  public List<NamedObject> namedObjects() {
    return namedObjects.list();
  }

  @Override
  public WorkerCount workers() {
    return workers.count();
  }

  @Override
  public CompletionStage<String> broken() {
    return broken.minimalCompletionStage();
  }

  private void broke(String why) {
    if (!closed) {
      broken.complete(why);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    Failure why = Failure.of("Context (%s) for this job was terminated".formatted(name));
    jobs.keySet().forEach(job -> job.terminate(why));
    workers.close();
    jobs.values().forEach(PythonContext::join);
    progress.close();
    end(recipe, jars, made, folder);
  }

  private static void join(CompletableFuture<Void> end) {
    try {
      end.get(JOBS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException e) {
      logger.warn("A job has not ended within {}", JOBS_PATIENCE);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // is never completed so
    }
  }

  private static void end(
      CheckedRecipe recipe, ExtensionJars jars, Object made, ContextFolder folder) {
    try {
      if (made != null) {
        recipe.close(made);
      }
    } catch (Exception e) {
      logger.warn("The factory could not close its context", e);
    }
    Option<SparkContext> active = SparkContext$.MODULE$.getActive();
    if (active.isDefined()) {
      active.get().stop();
    }
    jars.close();
    folder.clear();
  }
}
