import os
import platform
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from driver import PATIENCE, SOURCES, STUB, Driver, python_path, wait_until_gone
from job_sources import HEAD, source
from sparkjobserver._worker import zygote

LEFT_OUT = re.compile(r"^\[(\d+) bytes are left out here: job-log.max-size\]\n", re.MULTILINE)
WITHOUT_PYSPARK = """
import sys
sys.modules["pyspark"] = None
from sparkjobserver._worker import zygote
zygote.main()
"""


@pytest.fixture
def start(fifo):
    """Starts a job, and waits for the process ids that it tells."""

    def start(driver, *lines):
        worker = driver.fork().give("jobs.Job", source(*lines), {"fifo": str(fifo)})
        return worker, [int(pid) for pid in fifo.read_text().split()]

    return start


def test_a_zygote_introduces_itself(driver):
    pyspark = pytest.importorskip("pyspark")
    assert driver.hello == {
        "kind": "zygote",
        "token": "zygote token",
        "pid": driver.zygote.pid,
        "python": platform.python_version(),
        "pyspark": pyspark.__version__,
        "pysparkFolder": str(Path(pyspark.__file__).parent),
    }


def test_a_zygote_has_one_thread_and_can_be_forked(driver):
    assert len(os.listdir(f"/proc/{driver.zygote.pid}/task")) == 1


def test_a_worker_introduces_itself_runs_one_job_and_ends(driver):
    worker = driver.fork()
    assert worker.hello["kind"] == "worker"
    assert worker.hello["pid"] == worker.pid
    assert worker.hello["token"] == "worker token"
    assert worker.hello["tmp"] == ""
    worker.give("jobs.Job", source("return [context, data.get('a')]"), {"a": 1.5})
    assert worker.answer() == [
        {"op": "validated"},
        {"op": "ended", "outcome": "finished"},
        ["context", 1.5],
    ]
    assert worker.exit() == "exit 0"


def test_a_worker_is_there_until_its_outcome_was_taken(driver):
    taken = driver.fork().give("jobs.Job", source("return 1"))
    left = driver.fork().give("jobs.Job", source("return 1"))
    assert [worker.said(3)[-1] for worker in (taken, left)] == [1, 1]
    time.sleep(0.3)
    for worker in (taken, left):
        os.kill(worker.pid, 0)  # raises when there is no such process
    begin = time.monotonic()
    taken.connection.close()
    assert taken.exit() == "exit 0"
    assert time.monotonic() - begin < 0.5, "a second is for a driver that does not answer"
    assert left.exit() == "exit 0"
    left.connection.close()


def test_a_worker_has_a_session_and_a_process_group_of_its_own(driver):
    worker = driver.fork()
    assert os.getsid(worker.pid) == os.getpgid(worker.pid) == worker.pid
    assert worker.give("jobs.Job", source("return 1")).outcome() == 1


def test_invalid_input_is_told(driver):
    text = HEAD.replace("return config", "return build_problems(['one', 'two'])") + "        pass"
    assert driver.fork().give("jobs.Job", text).answer() == [
        {"op": "ended", "outcome": "invalid", "problems": ["one", "two"]}
    ]


def test_a_missing_class_is_told(driver):
    assert driver.fork().give("jobs.Other", source("pass")).answer() == [
        {"op": "ended", "outcome": "not-found", "classPath": "jobs.Other"}
    ]


def test_a_failure_is_told_and_stands_in_the_log(driver):
    worker = driver.fork().give("jobs.Job", source("raise ValueError('why')"))
    validated, ended = worker.answer()
    assert validated == {"op": "validated"}
    assert ended["outcome"] == "failed"
    assert ended["failure"]["message"] == "why"
    assert ended["failure"]["errorClass"] == "ValueError"
    assert worker.log() == ended["failure"]["stack"]
    assert worker.exit() == "exit 0"


def test_a_worker_that_cannot_attach_says_why(driver):
    worker = driver.fork(port=0)
    assert worker.hello["error"]["message"] == "nobody listens"
    assert worker.hello["error"]["errorClass"] == "ConnectionRefusedError"
    assert worker.exit() == "exit 1"


def test_a_waiting_worker_whose_connection_is_closed_ends(driver):
    worker = driver.fork()
    worker.connection.close()
    assert worker.exit() == "exit 0"


def test_all_output_goes_to_the_jobs_log_from_before_its_import(driver):
    text = "print('import')\n" + source(
        "print('grün \\ud800')",
        "sys.stderr.write('error\\n')",
        "os.write(1, b'raw\\n')",
        "subprocess.run(['echo', 'child'], check=True)",
        "print('last', end='')",
    )
    worker = driver.fork().give("jobs.Job", text)
    assert worker.outcome() is None
    assert worker.log() == "import\ngrün \\ud800\nerror\nraw\nchild\nlast"
    assert stat.S_IMODE(worker.log_file.stat().st_mode) == 0o600


def test_a_job_may_close_its_output(driver):
    worker = driver.fork().give(
        "jobs.Job", source("sys.stdout.close(); sys.stderr = None", "return 1")
    )
    assert worker.outcome() == 1


def test_a_log_that_cannot_be_written_makes_the_job_fail(driver):
    worker = driver.fork()
    (driver.folder / f"{worker.pid}-1.log").mkdir()
    outcome = worker.give("jobs.Job", source("pass")).outcome()
    assert outcome["failure"]["errorClass"] == "IsADirectoryError"


LIMIT = 1024 * 1024


FLOOD = """
import os

def flood():
    for n in range(100_000):
        os.write(1, b"%0999d\\n" % n)
"""
FIRST = "print('the first words')"
LAST = "print('the last words')"


@pytest.mark.parametrize(
    "flood",
    [
        "for n in range(100_000): print(f'{n:0999d}')",
        "flood()",
        "subprocess.run('yes $(printf %0999d 7) | head -c 100000000 >&2', shell=True)",
        "if os.fork() == 0:\n            flood()\n            os._exit(0)\n        os.wait()",
    ],
    ids=["print", "write", "another program", "forked child"],
)
def test_of_a_job_that_prints_too_much_the_middle_is_left_out(driver, flood):
    worker = driver.fork().give(
        "jobs.Job",
        f"{FLOOD}\n{source(FIRST, flood, LAST)}",
        limit=LIMIT,
    )
    assert worker.outcome() is None
    assert worker.exit() == "exit 0"
    await_size(worker.log_file)
    head, left_out, tail = LEFT_OUT.split(worker.log())
    assert head.startswith("the first words\n")
    assert tail.endswith("\nthe last words\n")
    assert len(head) + int(left_out) + len(tail) == 16 + 100_000_000 + 15


def test_of_a_child_that_goes_on_printing_the_middle_is_left_out(driver):
    worker = driver.fork().give(
        "jobs.Job",
        source(
            "read, write = os.pipe()",
            "child = os.fork()",
            "if child == 0:",
            "    os.setsid()",
            "    print('x' * 10_000_000 + '\\nmore and more' * 4)",
            "    os.write(write, b'printed')",
            "    while True: print('more and more')",
            "os.read(read, 7)",
            "return child",
        ),
        limit=LIMIT,
    )
    child = worker.outcome()
    assert worker.exit() == "exit 0"
    wait_until_gone(child)
    await_size(worker.log_file)
    # a line may break off where a page of memory ends
    assert worker.log()[-50:].count("more and more\n") >= 2


def await_size(log):
    """Waits until the zygote has shortened a log."""
    deadline = time.monotonic() + PATIENCE
    while log.stat().st_size > LIMIT and time.monotonic() < deadline:
        time.sleep(0.02)
    assert log.stat().st_size <= LIMIT


def test_a_job_that_goes_on_printing_does_not_fill_the_disk(driver, fifo):
    worker = driver.fork().give(
        "jobs.Job",
        source("print('x' * 10_000_000)", "tell(data, 'printed')", "for_ever()"),
        {"fifo": str(fifo)},
        limit=LIMIT,
    )
    fifo.read_text()
    deadline = time.monotonic() + PATIENCE
    while worker.log_file.stat().st_blocks * 512 > 2 * LIMIT and time.monotonic() < deadline:
        time.sleep(0.05)
    assert worker.log_file.stat().st_blocks * 512 <= 2 * LIMIT
    driver.kill(worker.pid)
    assert worker.exit() == "signal 9"


def test_the_last_words_of_a_killed_job_are_left(driver, fifo):
    worker = driver.fork().give(
        "jobs.Job",
        source(
            "for n in range(20_000): print(f'line {n:0100d}')",
            LAST,
            "tell(data, 'printed')",
            "for_ever()",
        ),
        {"fifo": str(fifo)},
        limit=LIMIT,
    )
    fifo.read_text()
    driver.kill(worker.pid)
    assert worker.exit() == "signal 9"
    await_size(worker.log_file)
    assert worker.log().endswith(f"\nline {19_999:0100d}\nthe last words\n")


def test_the_log_of_a_job_that_was_too_quick_is_shortened_too(driver):
    worker = driver.fork().give("jobs.Job", source("print('x' * 10_000_000)"))
    assert worker.outcome() is None
    assert worker.exit() == "exit 0"
    driver.keep_small(worker.log_file, LIMIT, worker.pid)
    await_size(worker.log_file)


def test_when_the_zygote_ends_the_logs_of_its_jobs_are_shortened(own_driver, fifo):
    worker = own_driver.fork().give(
        "jobs.Job",
        source("print('x' * 10_000_000)", "tell(data, 'printed')", "for_ever()"),
        {"fifo": str(fifo)},
        limit=LIMIT,
    )
    fifo.read_text()
    own_driver.control.close()
    assert own_driver.zygote.wait(PATIENCE) == 0
    assert worker.log_file.stat().st_size <= LIMIT


def test_a_killed_job_dies_with_all_it_has_started(driver, start):
    worker, pids = start(
        driver,
        "group = subprocess.Popen(['sleep', '1000'])",
        "session = subprocess.Popen(['sleep', '1001'], start_new_session=True)",
        "pid = os.fork()",
        "if pid == 0:",
        "    os.setsid()",
        "    grandchild = os.fork()",
        "    if grandchild == 0:",
        "        os.setsid()",
        "        for_ever()",
        "    tell(data, group.pid, session.pid, os.getpid(), grandchild)",
        "for_ever()",
    )
    driver.kill(worker.pid)
    assert worker.exit() == "signal 9"
    assert worker.answer() == [{"op": "validated"}]
    for pid in pids:
        wait_until_gone(pid)
    assert driver.fork().give("jobs.Job", source("return 1")).outcome() == 1


def test_a_job_that_returns_leaves_no_process_and_waits_for_no_thread(driver, start):
    worker, pids = start(
        driver,
        "threading.Thread(target=time.sleep, args=(1000,)).start()",
        "session = subprocess.Popen(['sleep', '1000'], start_new_session=True)",
        "tell(data, session.pid)",
        "return 'done'",
    )
    assert worker.outcome() == "done"
    assert worker.exit() == "exit 0"
    for pid in pids:
        wait_until_gone(pid)


def test_a_kill_of_a_process_that_is_no_worker_is_ignored(driver):
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        driver.kill(bystander.pid)
        assert driver.fork().give("jobs.Job", source("return 1")).outcome() == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("end", ["close", "terminate", "kill"])
def test_when_the_zygote_ends_all_workers_end(own_driver, start, end):
    waiting = own_driver.fork()
    worker, children = start(
        own_driver,
        "session = subprocess.Popen(['sleep', '1000'], start_new_session=True)",
        "tell(data, session.pid)",
        "for_ever()",
    )
    if end == "close":
        own_driver.control.close()
        assert own_driver.zygote.wait(PATIENCE) == 0
    elif end == "terminate":
        own_driver.zygote.terminate()
        assert own_driver.zygote.wait(PATIENCE) == 0
    else:
        own_driver.zygote.kill()
        own_driver.zygote.wait(PATIENCE)
    wait_until_gone(waiting.pid)
    wait_until_gone(worker.pid)
    if end == "kill":  # then nobody is left who could look after them
        os.kill(children[0], signal.SIGKILL)
    wait_until_gone(children[0])


def test_a_zygote_outlives_the_thread_that_has_started_it(driver_folder):
    started = []
    thread = threading.Thread(target=lambda: started.append(Driver(driver_folder())))
    thread.start()
    thread.join()
    try:
        assert started[0].fork().give("jobs.Job", source("return 1")).outcome() == 1
    finally:
        started[0].close()


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("os._exit(5)", "exit 5"),
        ("import ctypes; ctypes.string_at(0)", "signal 11"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "signal 15"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ],
)
def test_a_process_that_ends_itself_gives_no_outcome(driver, statement, status):
    worker = driver.fork().give("jobs.Job", source(statement))
    assert worker.answer() == [{"op": "validated"}]
    assert worker.exit() == status


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("sys.exit(3)", "The job called sys.exit(3)"),
        (
            "os.kill(os.getpid(), signal.SIGINT); for_ever()",
            "The job was interrupted (KeyboardInterrupt)",
        ),
    ],
)
def test_a_job_that_wants_to_end_python_fails_with_words(driver, statement, message):
    worker = driver.fork().give("jobs.Job", source(statement))
    assert worker.outcome()["failure"]["message"] == message
    assert worker.exit() == "exit 0"


HUNGRY = """
import subprocess, sys
class Hungry:
    def validate(self, context, runtime, config):
        return config
    def run_job(self, context, runtime, data):
        size = data["size"]
        if data["child"]:
            command = [sys.executable, "-c", f"x = b'x' * {size}"]
            return subprocess.run(command, stderr=subprocess.PIPE, text=True).stderr.split()[-1]
        return len(b"x" * size)
"""


def test_a_job_that_wants_more_memory_than_it_may_have_fails_with_words(driver):
    def answer(size, child=False):
        config = {"size": size, "child": child}
        worker = driver.fork().give("hungry.Hungry", HUNGRY, config, memory=256 << 20)
        return worker.answer()[1:]

    assert answer(1 << 20) == [{"op": "ended", "outcome": "finished"}, 1 << 20]
    (failed,) = answer(300 << 20)
    assert failed["failure"]["errorClass"] == "MemoryError"
    assert failed["failure"]["message"] == (
        "the job's process may have 268435456 bytes of memory (python.workers.max-memory)"
    )
    assert answer(300 << 20, child=True)[1] == "MemoryError"


def test_a_child_that_a_job_forked_has_no_say(driver):
    worker = driver.fork().give(
        "jobs.Job",
        source("if os.fork() == 0:", "    return 'child'", "os.wait()", "return 'parent'"),
    )
    assert worker.outcome() == "parent"
    worker = driver.fork().give(
        "jobs.Job",
        source("if os.fork() == 0:", "    raise ValueError", "return os.wait()[1]"),
    )
    assert worker.outcome() == 256


def test_writing_to_a_closed_pipe_is_an_exception_in_a_job(driver):
    worker = driver.fork().give(
        "jobs.Job",
        source("read, write = os.pipe()", "os.close(read)", "os.write(write, b'x')"),
    )
    assert worker.outcome()["failure"]["errorClass"] == "BrokenPipeError"


def test_a_job_sees_no_secret_and_no_folder_of_the_server_on_its_path(driver):
    worker = driver.fork().give(
        "jobs.Job",
        source(
            # What a process was started with can be read even when it has forgotten it.
            "begun_with = open('/proc/self/environ').read()",
            "assert 'zygote token' not in begun_with and 'worker token' not in begun_with",
            "assert sys.stdin.read() == ''",
            "return {'environment': dict(os.environ), 'path': sys.path, 'arguments': sys.argv[1:]}",
        ),
    )
    outcome = worker.outcome()
    assert outcome["environment"]["SECRET"] == "of the driver"
    assert not [key for key in outcome["environment"] if "TOKEN" in key or "GATEWAY" in key]
    assert outcome["arguments"] == []


def test_each_worker_has_random_numbers_of_its_own(driver):
    numbers = {
        driver.fork().give("jobs.Job", source("return random.random()")).outcome() for _ in range(3)
    }
    assert len(numbers) == 3


def test_each_worker_has_random_numbers_of_numpy_of_its_own(driver_folder):
    pytest.importorskip("numpy")
    driver = Driver(driver_folder(), [sys.executable, "-c", f"import numpy.random\n{STUB}"])
    text = source("import numpy", "return numpy.random.random()")
    try:
        assert len({driver.fork().give("jobs.Job", text).outcome() for _ in range(3)}) == 3
    finally:
        driver.close()


def test_what_the_zygote_has_loaded_is_no_matter_of_a_workers_garbage_collection(driver):
    # A collection would write to all of it, and each worker would get a copy of its own.
    frozen, enabled = (
        driver.fork()
        .give("jobs.Job", source("import gc", "return [gc.get_freeze_count(), gc.isenabled()]"))
        .outcome()
    )
    assert frozen > 10_000
    assert enabled


def test_a_job_can_use_the_folder_it_is_in_but_not_import_from_it(driver_folder):
    folder = driver_folder()
    (folder / "stray.py").touch()
    (folder / "fallback").mkdir()
    (folder / "fallback" / "found_last.py").touch()
    (folder / "fallback" / "json.py").write_text("1 / 0")
    (folder / "starter").mkdir()
    (folder / "starter" / "stub_zygote.py").write_text(STUB)
    driver = Driver(
        folder,
        [sys.executable, "-m", "stub_zygote"],
        {
            "PYTHONPATH": python_path(folder / "starter", SOURCES),
            "JOBSERVER_FALLBACK_PATH": str(folder / "fallback"),
        },
    )
    try:
        worker = driver.fork().give(
            "jobs.Job", source("import json, found_last", "import stray", "return 1")
        )
        outcome = worker.outcome()
        assert outcome["failure"]["message"] == "No module named 'stray'"
    finally:
        driver.close()


def test_a_zygote_that_cannot_start_says_why_and_ends(tmp_path):
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT_PYSPARK,
            "s",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        input="t\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "import of pyspark" in result.stderr


def test_a_zygote_whose_driver_is_gone_already_ends(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(tmp_path)
        listener.bind("s")
    result = subprocess.run(
        [sys.executable, "-m", "sparkjobserver._worker.zygote", "s"],
        env={
            **os.environ,
            "PYTHONPATH": python_path(SOURCES),
        },
        input="t\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "ConnectionRefusedError" in result.stderr


def test_a_fork_that_fails_is_told_and_nothing_else_happens(monkeypatch):
    one, other = socket.socketpair()
    one.settimeout(PATIENCE)

    def fork():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    with one, other:
        subject = zygote.Zygote("s", "token", other)
        subject._obey({"op": "fork", "id": 7})
        message = zygote.frames.receive_message(one)
    os.close(subject._wake)
    os.close(subject._wake_end)
    assert message == {
        "exit": 0,
        "id": 7,
        "status": "not forked: Resource temporarily unavailable",
    }


def test_who_follows_a_log_can_read_its_end_before_it_is_shortened(monkeypatch, tmp_path):
    now = 1000.0
    monkeypatch.setattr(zygote.time, "monotonic", lambda: now)
    path = tmp_path / "job.log"
    path.write_bytes(b"x" * 2 * LIMIT)
    one, other = socket.socketpair()
    with one, other:
        subject = zygote.Zygote("s", "token", other)
        subject._obey({"op": "log", "pid": 1, "path": str(path), "limit": LIMIT})
        subject._look_after_logs()
        now += 0.9
        subject._look_after_logs()
        assert path.stat().st_size == 2 * LIMIT
        now += 0.2
        subject._look_after_logs()
        assert path.stat().st_size <= LIMIT
    os.close(subject._wake)
    os.close(subject._wake_end)


def test_children_are_found_on_any_kernel(monkeypatch):
    child = subprocess.Popen(["sleep", "1000"])
    try:
        assert child.pid in zygote._children()
        real_open = open

        def without_children(path, *args, **keywords):
            if path.endswith("/children"):
                raise FileNotFoundError(path)
            return real_open(path, *args, **keywords)

        monkeypatch.setattr("builtins.open", without_children)
        assert child.pid in zygote._children()
    finally:
        child.kill()
        child.wait()
