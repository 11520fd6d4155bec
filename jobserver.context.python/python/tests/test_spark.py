"""Workers that are attached to a JVM with Spark. Takes a few seconds to start."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from archives import archive
from driver import PATIENCE, SOURCES, Driver, python_path

pytestmark = pytest.mark.spark

pyspark = pytest.importorskip("pyspark")
SPARK_HOME = Path(pyspark.__file__).parent
EXAMPLES = Path(__file__).parents[3] / "examples" / "python"
OPENED = (
    "java.io java.lang java.lang.invoke java.lang.reflect java.net java.nio java.util"
    " java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs"
    " sun.security.action sun.util.calendar"
)
HEAD = """
import os, signal, sys
from sparkjobserver.api import NamedObject, SparkJob

class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config

class Job(Base):
    def run_job(self, context, runtime, data):
"""


def source(*lines):
    return HEAD + "\n".join("        " + line for line in lines)


class SparkDriver(Driver):
    """A driver with a JVM. Its executors have the API, and the binaries that are shipped."""

    def __init__(self, folder):
        self._jvm_log = (folder / "jvm.log").open("wb")
        self._jvm = subprocess.Popen(
            [
                "java",
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED.split()),
                "-cp",
                f"{SPARK_HOME}/jars/*",
                str(Path(__file__).parent / "java" / "SparkDriver.java"),
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYSPARK_PYTHON": sys.executable,
                "SPARK_HOME": str(SPARK_HOME),
                "SPARK_LOCAL_DIRS": str(folder),
                "SPARK_LOCAL_IP": "127.0.0.1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._jvm_log,
            text=True,
        )
        ready = self._jvm.stdout.readline()
        assert ready == "ready\n", (folder / "jvm.log").read_text()
        command = [sys.executable, "-u", "-m", "sparkjobserver._worker.zygote"]
        super().__init__(folder, command, {"PYSPARK_PYTHON": sys.executable})
        api = folder / "api.zip"
        with zipfile.ZipFile(api, "w") as content:
            for file in SOURCES.rglob("*.py"):
                content.write(file, file.relative_to(SOURCES))
        self.ask(f"ship {api}")

    def ask(self, order):
        self._jvm.stdin.write(f"{order}\n")
        self._jvm.stdin.flush()
        return self._jvm.stdout.readline().strip()

    def fork(self, mode="session"):
        port, token = self.ask(mode).split()
        return super().fork(int(port), token, mode)

    def fork_with_token(self, token):
        port, _ = self.ask("session").split()
        return super().fork(int(port), token, "session")

    def ship(self, files):
        """Stores a binary as the server does, and gives it to executors."""
        digest = archive(self.folder / "binary", files)
        path = self.folder / f"{digest}.egg"
        if not path.exists():
            (self.folder / "binary").rename(path)
            self.ask(f"ship {path}")
        return path

    def run(self, class_path, text, config=None, mode="session"):
        path = text
        if not isinstance(text, Path):
            path = self.ship({f"{class_path.split('.')[0]}.py": text})
        worker = self.fork(mode).give(class_path, path, config, ("api.zip", path.name))
        self.log_of_job = worker.log
        return worker.outcome()

    def close(self):
        super().close()
        self._jvm.stdin.close()
        try:
            self._jvm.wait(PATIENCE)
        finally:
            self._jvm.kill()
            self._jvm.stdout.close()
            self._jvm_log.close()


@pytest.fixture(scope="module")
def driver(driver_folder):
    if shutil.which("java") is None or not (SPARK_HOME / "jars").is_dir():
        pytest.skip("no java, or no jars in PySpark's folder")
    driver = SparkDriver(driver_folder())
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def examples(driver):
    files = {
        f"example_jobs/{file.name}": file.read_text() for file in EXAMPLES.glob("example_jobs/*.py")
    }
    return driver.ship(files)


def test_the_examples_run(driver, examples):
    words = {"input": {"strings": ["a", "b", "a", "b"]}}
    assert driver.run("example_jobs.word_count.WordCountSparkJob", examples, words) == {
        "a": 2,
        "b": 2,
    }
    people = [["bob", 20, 1200], ["jon", 21, 1400], ["mary", 20, 1300], ["sue", 21, 1600]]
    job = "example_jobs.sql_average.SQLAverageJob"
    assert driver.run(job, examples, {"input": {"data": people}}) == [[20, 1250.0], [21, 1500.0]]
    assert driver.run(job, examples)["problems"] == ["config input.data not found"]
    failure = driver.run("example_jobs.failing_job.FailingJob", examples)["failure"]
    assert failure["message"] == "Deliberate failure"


def test_functions_of_the_jobs_module_run_on_executors(driver, examples):
    job = "example_jobs.slow_job.SlowJob"
    assert driver.run(job, examples, {"sleep": {"seconds": 0.2, "spark": True}}) >= 0.2
    assert driver.run(job, examples, {"sleep": {"seconds": 0.2}}) == 0.2


def test_a_custom_context_is_made_by_the_job(driver, examples):
    words = {"input": {"strings": ["a", "b"]}}
    job = "example_jobs.custom_context_job.CustomContextJob"
    assert driver.run(job, examples, words, "custom") == "custom 2"


def test_a_context_that_a_job_makes_answers_interrupts_as_python_does(driver):
    text = source("return signal.getsignal(signal.SIGINT) is signal.default_int_handler")
    text += """

    def build_context(self, gateway, jvmContext, sparkConf):
        from pyspark import SparkContext

        return SparkContext(gateway=gateway, jsc=jvmContext.javaSparkContext(), conf=sparkConf)
"""
    assert driver.run("jobs.Job", text, mode="custom") is True


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("session", "SparkSession"), ("spark-context", "SparkContext"), ("sql-context", "SQLContext")],
)
def test_a_job_gets_the_python_equivalent_of_what_the_factory_has_made(driver, mode, kind):
    text = source(
        "from pyspark.sql import SparkSession",
        "session = SparkSession.builder.getOrCreate()",
        "rows = (session if data.get('rdds') else context).range(3)",
        "core = context if data.get('rdds') else session.sparkContext",
        "if hasattr(context, 'stop'): context.stop()",
        "return [type(context).__name__, rows.count(), core.parallelize([4]).collect()]",
    )
    config = {"rdds": kind == "SparkContext"}
    assert driver.run("jobs.Job", text, config, mode) == [kind, 3, [4]]
    assert "Warning" not in driver.log_of_job()


def test_a_job_that_makes_no_custom_context_is_told_how(driver, examples):
    outcome = driver.run("example_jobs.word_count.WordCountSparkJob", examples, mode="custom")
    message = outcome["failure"]["message"]
    assert message.startswith(
        "example_jobs.word_count.WordCountSparkJob cannot run in this context"
    )
    assert "SparkDriver$Custom" in message


def test_no_worker_stops_the_shared_context_or_takes_the_default_session(driver):
    text = source(
        "from pyspark import SparkContext",
        "from pyspark.sql import SparkSession",
        "context.stop(); context._sc.stop(); context.newSession().stop()",
        "return [SparkSession.builder.getOrCreate() is context,",
        "        SparkSession.getActiveSession() is context,",
        "        SparkContext.getOrCreate() is context._sc,",
        "        context._jvm.SparkSession.getDefaultSession().isDefined(),",
        "        signal.getsignal(signal.SIGINT) is signal.default_int_handler,",
        "        context.range(3).count(), context.sparkContext.parallelize([1]).collect()]",
    )
    assert driver.run("jobs.Job", text) == [True, True, True, False, True, 3, [1]]
    assert driver.log_of_job().count("stop() has no effect in a job") == 3
    assert driver.ask("default") == "false"


def test_executors_never_mix_two_versions_of_a_binary(driver):
    def version(number):
        text = f"VERSION = {number}\ndef look(_):\n    return VERSION\n"
        return text + source("return context._sc.parallelize([0], 1).map(look).collect()")

    seen = [driver.run("jobs.Job", version(number)) for number in (1, 2, 1)]
    assert seen == [[1], [2], [1]]


def test_a_job_sees_no_secret_of_py4j(driver):
    text = source("return [key for key in os.environ if 'GATEWAY' in key or 'TOKEN' in key]")
    assert driver.run("jobs.Job", text) == []


def test_jobs_share_views(driver):
    driver.run("jobs.Job", source("context.range(2).createOrReplaceTempView('shared')"))
    rows = driver.run("jobs.Job", source("return context.sql('select * from shared').collect()"))
    assert rows == [[0], [1]]


def test_jobs_share_named_objects(driver):
    make = source(
        "names = runtime.namedObjects",
        "from pyspark import StorageLevel",
        "frame = context.range(3).selectExpr('id * 2 as double')",
        "frame = NamedObject(frame, True, StorageLevel.DISK_ONLY)",
        "rdd = context._sc.parallelize([{'a': 1}]).map(lambda x: [x])",
        "names.get_or_else_create('frame', lambda: frame)",
        "names.get_or_else_create('rdd', lambda: rdd)",
        "names.get_or_else_create('value', lambda: {('a', 1): {2}})",
    )
    assert driver.run("jobs.Job", make) is None
    use = source(
        "names = runtime.namedObjects",
        "frame = names.get_or_else_create('frame', None)",
        "return [frame.obj.collect(), frame.obj.is_cached, frame.forceComputation,",
        "        str(frame.storage_level), names.get('rdd').obj.collect(),",
        "        names.get('value').obj == {('a', 1): {2}}, names.get_names(), names.get('none')]",
    )
    frame, cached, force, level, rdd, value, names, none = driver.run("jobs.Job", use)
    assert frame == [[0], [2], [4]]
    assert (cached, force, rdd, value, none) == (True, True, [[{"a": 1}]], True, None)
    assert level.startswith("Disk Serialized 1x")
    assert names == ["frame", "rdd", "value"]
    drop = source(
        "names = runtime.namedObjects",
        "frame = names.get('frame').obj",
        "names.update('value', lambda: 5)",
        "names.destroy('frame'); names.destroy('none'); names.forget('rdd')",
        "return [names.get('value').obj, names.get_names(), frame.storageLevel.useDisk]",
    )
    assert driver.run("jobs.Job", drop) == [5, ["value"], False]


def test_the_class_of_a_value_can_be_read_by_the_jvm(driver):
    text = source(
        "runtime.namedObjects.update('value', lambda: {'a': 1})",
        "entry = context._sc._gateway.entry_point.namedObjects().get('value')",
        "runtime.namedObjects.destroy('value')",
        "return [entry[1], entry[2], len(entry)]",
    )
    assert driver.run("jobs.Job", text) == ["value", "dict", 5]


def test_a_bare_dataset_of_the_jvm_is_read_as_a_dataframe(driver):
    text = source(
        "context._sc._gateway.entry_point.namedObjects().put('bare', context.range(2)._jdf)",
        "frame = runtime.namedObjects.get('bare').obj",
        "runtime.namedObjects.destroy('bare')",
        "return frame.collect()",
    )
    assert driver.run("jobs.Job", text) == [[0], [1]]


def test_the_lock_of_a_killed_job_is_free(driver, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    hold = source(
        "def make():",
        "    open(data.get('fifo'), 'w').close()",
        "    while True: signal.pause()",
        "runtime.namedObjects.get_or_else_create('locked', make)",
    )
    worker = driver.fork().give("jobs.Job", hold, {"fifo": str(fifo)})
    fifo.read_bytes()
    driver.kill(worker.pid)
    assert worker.exit() == "signal 9"
    text = source("return runtime.namedObjects.get_or_else_create('locked', lambda: 'mine').obj")
    assert driver.run("jobs.Job", text) == "mine"


def test_an_error_of_the_jvm_is_told_in_its_own_words(driver):
    failure = driver.run("jobs.Job", source("context.sql('select * from nowhere')"))["failure"]
    assert "TABLE_OR_VIEW_NOT_FOUND" in failure["message"]
    assert failure["errorClass"] == "pyspark.errors.exceptions.captured.AnalysisException"


def test_a_dataframe_that_is_returned_is_to_be_collected(driver):
    failure = driver.run("jobs.Job", source("return {'rows': context.range(1)}"))["failure"]
    assert failure["message"].startswith('result["rows"] is of type pyspark.sql.')
    assert failure["message"].endswith("collect it and return the rows")


def test_a_worker_with_a_wrong_token_says_why(driver):
    worker = driver.fork_with_token("wrong")
    assert worker.hello["error"]["errorClass"] == "py4j.protocol.Py4JAuthenticationError"
    assert worker.exit() == "exit 1"


def test_the_zygote_has_no_connection_that_its_workers_could_share(driver):
    assert driver.run("jobs.Job", source("return context.range(2).count()")) == 2
    internet = sockets(driver.zygote.pid) & {
        line.split()[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{driver.zygote.pid}/net/{table}").read_text().splitlines()[1:]
    }
    assert internet == set()


def sockets(pid):
    """The inodes of the sockets that a process has open."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}


def test_a_worker_tells_of_the_folder_it_leaves_behind(driver):
    worker = driver.fork()
    folder = Path(worker.hello["tmp"])
    assert folder.name.startswith("pyspark-")
    assert folder.is_dir()
    worker.connection.close()
    assert worker.exit() == "exit 0"
    assert folder.is_dir()


def test_neither_attaching_nor_spark_loads_a_module_that_the_zygote_has_not(driver):
    """What a worker loads by itself costs each of them time, and memory of its own."""
    modules = driver.run(
        "loaded.Job",
        source(
            "context.sql('select 1 as one').collect()",
            "context.createDataFrame([(1, 'a')], ['n', 's']).groupBy('s').count().collect()",
            "context.sparkContext.parallelize([1, 2]).map(str).countByValue()",
            "return list(sys.modules)",
        ),
    )
    preload = "from sparkjobserver._worker import zygote; zygote.preload(); import runpy, sys"
    before = subprocess.run(
        [sys.executable, "-c", f"{preload}; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": python_path(SOURCES)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert set(modules) - set(before) <= {"loaded"}


def test_attaching_reads_no_source_of_pyspark(driver):
    # It would look for the line that made the context: a megabyte in each worker.
    read = driver.run("job.Job", source("import linecache", "return list(linecache.cache)"))
    assert [path for path in read if "pyspark" in path] == []
