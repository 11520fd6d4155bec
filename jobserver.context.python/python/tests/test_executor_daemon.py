"""The daemon of executors' Python, without a JVM but where its conversation with one is tested."""

import importlib
import os
import select
import socket
import struct
import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import pytest

from driver import PATIENCE, SOURCES, python_path
from sparkjobserver._executor import daemon

FOLDER = SOURCES / "sparkjobserver" / "_executor"


@pytest.fixture
def read(monkeypatch):
    """Which archives were read anew, with the daemon's way of forgetting in force."""
    archives = []
    invalidate = zipimport.zipimporter.invalidate_caches

    def noted(self):
        archives.append(self.archive)
        invalidate(self)

    monkeypatch.setattr(zipimport.zipimporter, "invalidate_caches", noted)
    daemon.reread_changed_archives_only()
    return archives


@pytest.fixture
def archive(tmp_path, monkeypatch):
    file = tmp_path / "modules.zip"
    written(file, "first")
    monkeypatch.setattr(sys, "path", [*sys.path, str(file)])
    yield file
    for name in ("first", "third"):
        sys.modules.pop(f"module_of_the_{name}", None)


def written(file, name):
    with zipfile.ZipFile(file, "w") as content:
        content.writestr(f"module_of_the_{name}.py", "")


def test_an_archive_is_read_once_while_it_is_the_same(read, archive):
    importlib.import_module("module_of_the_first")
    for _ in range(3):
        importlib.invalidate_caches()
    assert read.count(str(archive)) == 1


def test_an_archive_that_has_changed_is_read_again(read, archive):
    importlib.import_module("module_of_the_first")
    importlib.invalidate_caches()
    written(archive, "third")  # of the same size
    importlib.invalidate_caches()
    importlib.import_module("module_of_the_third")
    archive.unlink()
    importlib.invalidate_caches()
    del sys.modules["module_of_the_third"]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("module_of_the_third")


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        ("/spark.zip:.:/way", ".:/way", "/spark.zip"),
        ("/spark.zip:/own:.:/way:/machine", ".:/way", "/spark.zip:/own:/machine"),
        ("/spark.zip:.:.:/way", ".:/way", "/spark.zip:."),
        ("/spark.zip", "", "/spark.zip"),
        ("/spark.zip", ".:/way", "/spark.zip"),
    ],
)
def test_what_led_to_the_daemon_is_forgotten(before, added, after):
    environment = {"PYTHONPATH": before, "JOBSERVER_DAEMON_PATH": added, "OTHER": "1"}
    daemon.forget_the_way_here(environment, [])
    assert environment == {"PYTHONPATH": after, "OTHER": "1"}


def test_the_path_is_as_it_is_where_pysparks_daemon_runs():
    working = os.getcwd()
    environment = {"PYTHONPATH": "/spark.zip:.:/way", "JOBSERVER_DAEMON_PATH": ".:/way"}
    path = [working, "/spark.zip", working, "/way", "/usr/lib/python3"]
    daemon.forget_the_way_here(environment, path)
    assert path == [working, "/spark.zip", "/usr/lib/python3"]


class SparkHome:
    """An installation whose PySpark tells where it was imported from."""

    def __init__(self, home, package):
        self.home = home
        self.package = package
        self.archive = home / "python" / "lib" / "pyspark.zip"
        package.mkdir(parents=True)
        self.archive.parent.mkdir(parents=True)
        files = {"__init__.py": "from pyspark import told", "told.py": "", "version.py": "1"}
        for name, content in files.items():
            (package / name).write_text(content)
        with zipfile.ZipFile(self.archive, "w") as content:
            for file in package.glob("*.py"):
                content.write(file, f"pyspark/{file.name}")

    def imports_from(self):
        script = (
            "import daemon; daemon.import_pyspark_from_its_folder(); import os, pyspark.told;"
            "print(os.path.dirname(pyspark.told.__file__))"
        )
        told = subprocess.run(
            [sys.executable, "-S", "-c", script],
            env={**os.environ, "PYTHONPATH": f"{FOLDER}:{self.archive}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return Path(told.stdout.strip())


@pytest.fixture(params=["python/pyspark", ""], ids=["distribution", "pip"])
def spark_home(tmp_path, request):
    home = tmp_path / "pyspark"
    return SparkHome(home, home / request.param)


def test_pyspark_comes_from_the_folder_that_its_archive_was_made_of(spark_home):
    assert spark_home.imports_from() == spark_home.package


def test_pyspark_of_another_version_is_left_alone(spark_home):
    (spark_home.package / "version.py").write_text("2")
    assert spark_home.imports_from() == spark_home.archive / "pyspark"


def test_a_folder_that_cannot_be_imported_is_left_alone(spark_home):
    (spark_home.package / "__init__.py").write_text("import pyspark.told\n1 / 0")
    assert spark_home.imports_from() == spark_home.archive / "pyspark"


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


class FakeSeats(daemon.Seats):
    def __init__(self, free):
        self.free = free

    def take(self):
        return self.free

    def leave(self):
        pass


@pytest.mark.parametrize(
    ("free", "longest"), [(True, daemon.LONG_REST), (False, daemon.SHORT_REST)]
)
def test_a_daemon_ends_when_it_has_had_no_worker_for_long_enough(monkeypatch, free, longest):
    clock, children = Clock(), [True]
    monkeypatch.setattr(daemon, "time", clock)
    monkeypatch.setattr(daemon, "_has_children", lambda: children[0])
    rest = daemon.Rest(FakeSeats(free))
    for children[0] in (False, True, False):  # begins anew with each worker
        clock.now += longest
        rest.goes_on()
    clock.now += longest - 1
    rest.goes_on()
    rest.interrupted()
    rest.goes_on()
    clock.now += longest - 1
    rest.goes_on()
    clock.now += 1
    with pytest.raises(SystemExit):
        rest.goes_on()


class Daemon:
    """A daemon under this process, which is the JVM to it."""

    def __init__(self, *lines):
        self.process = subprocess.Popen(
            [sys.executable, "-c", "\n".join(["import daemon", *lines, "daemon.main()"])],
            env={
                **os.environ,
                "PYTHONPATH": python_path(FOLDER),
                "PYTHON_WORKER_FACTORY_SECRET": "secret",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.port = struct.unpack("!i", self.process.stdout.read(4))[0]

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.connections.append(connection)
        return connection

    def fork(self):
        """A worker's connection. The worker ends when it is closed."""
        connection = self.connect()
        assert struct.unpack("!i", connection.recv(4))[0] > 0
        return connection

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start(monkeypatch):
    pytest.importorskip("pyspark")
    started = []
    monkeypatch.setattr(Daemon, "connections", [], raising=False)

    def started_with(*lines):
        started.append(Daemon(*lines))
        return started[-1]

    yield started_with
    for each in started:
        each.close()
    for connection in Daemon.connections:
        connection.close()


def test_a_daemon_lives_as_long_as_its_worker(start):
    impatient = start("daemon.LONG_REST = daemon.SHORT_REST = 0")
    worker = impatient.fork()
    with pytest.raises(subprocess.TimeoutExpired):
        impatient.process.wait(4)  # it looks every second
    worker.close()
    impatient.process.wait(PATIENCE)


def test_the_jvm_ends_a_daemon_as_it_ends_pysparks(start):
    patient = start()
    patient.process.stdin.close()
    patient.process.wait(PATIENCE)


def test_who_comes_when_a_daemon_ends_is_sent_away(start):
    """The JVM tries again with another daemon where the connection is reset, not where it ends."""
    ends = start(
        "import os",
        "def goes_on(rest):",
        "    os.write(1, b'!')",
        "    os.read(0, 1)",
        "    raise SystemExit",
        "daemon.Rest.goes_on = goes_on",
    )
    assert ends.process.stdout.read(1) == b"!"
    connection = ends.connect()
    ends.process.stdin.write(b"!")
    ends.process.stdin.flush()
    with pytest.raises(ConnectionResetError):
        connection.recv(4)
    with pytest.raises(ConnectionRefusedError):
        ends.connect()


@pytest.mark.skipif(sys.platform != "linux", reason="there are no seats elsewhere")
def test_of_idle_daemons_few_stay(start):
    lines = ["daemon.SEATS = 1", "daemon.SHORT_REST = 0"]
    seat = f"@jobserver-daemon-{os.getuid()}-{os.getpid()}-0"
    stays = start(*lines)
    wait_for_seat(seat, taken=True)
    start(*lines).process.wait(PATIENCE)
    assert stays.process.poll() is None

    worker = stays.fork()
    wait_for_seat(seat, taken=False)  # it works, so it is not counted
    other = start(*lines)
    wait_for_seat(seat, taken=True)
    worker.close()
    stays.process.wait(PATIENCE)
    assert other.process.poll() is None


def wait_for_seat(name, *, taken):
    for _ in range(PATIENCE * 50):
        if (name in Path("/proc/net/unix").read_text().split()) is taken:
            return
        select.select([], [], [], 0.02)
    raise AssertionError(f"{name} is {'free' if taken else 'taken'}")


SCRIPT = """
import os, select, sys
from pyspark.sql import SparkSession

def run(x):
    return os.getppid(), os.getpid(), sys.modules["__main__"].__spec__.name

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = spark.config("spark.python.daemon.module", "impatient")
spark = spark.config("spark.python.worker.reuse", "false")
spark = spark.config("spark.executorEnv.PYTHONPATH", sys.argv[1]).getOrCreate()
tasks = spark.sparkContext.parallelize([0], 1).map(run)
daemons = []
for _ in range(2):
    forked_by, worker, main = tasks.first()
    assert main == "impatient", main
    descriptor = os.pidfd_open(forked_by)
    assert select.select([descriptor], [], [], 60)[0], "the daemon goes on"
    daemons.append(forked_by)
assert daemons[0] != daemons[1]
spark.stop()
"""


@pytest.mark.spark
def test_a_jvm_starts_another_daemon_for_one_that_has_ended(tmp_path):
    pytest.importorskip("pyspark")
    (tmp_path / "impatient.py").write_text(
        "import daemon\ndaemon.LONG_REST = daemon.SHORT_REST = 0\ndaemon.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, f"{tmp_path}:{FOLDER}"],
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
