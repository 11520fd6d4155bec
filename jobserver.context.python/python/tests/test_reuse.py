"""Workers that run one job after another."""

import time

import pytest

from driver import PATIENCE
from job_sources import source

HOW = {"may_stay": True}


def test_a_worker_that_may_stay_runs_another_job_with_the_modules_that_it_has(driver):
    worker = driver.fork()
    counts = source("Base.count = getattr(Base, 'count', 0) + 1", "return Base.count")
    assert worker.give("jobs.Job", counts, **HOW).result() == 1
    assert worker.give("jobs.Job", counts, **HOW).result() == 2
    assert worker.give("jobs.Job", counts).outcome() == 3
    assert worker.exit() == "exit 0"


def test_a_worker_that_waits_for_another_job_ends_when_its_connection_is_closed(driver):
    worker = driver.fork()
    assert worker.give("jobs.Job", source("return 1"), **HOW).result() == 1
    worker.connection.close()
    assert worker.exit() == "exit 0"


def test_the_jvms_side_is_settled_between_two_jobs(driver):
    worker = driver.fork()
    worker.give("jobs.Job", source("return 1"), **HOW).result()
    worker.give("jobs.Job", source("return 1"), **HOW).result()
    assert f"settled tag {worker.pid}" in driver.log()


def test_each_job_prints_to_a_log_of_its_own(driver):
    worker = driver.fork()
    prints = source("print(data.get('say'))", "os.system('echo and a child')")
    worker.give("jobs.Job", prints, {"say": "one"}, **HOW).result()
    assert worker.log() == "one\nand a child\n"
    worker.give("jobs.Job", prints, {"say": "two"}, **HOW).result()
    assert worker.log() == "two\nand a child\n"


@pytest.mark.parametrize(
    "change",
    [
        "os.environ['JOBSERVER_TEST'] = 'changed'",
        "os.chdir('/')",
        "sys.path.insert(0, '/nowhere')",
        "sys.argv.append('changed')",
        "os.umask(0o123)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "signal.alarm(1)",
        "sys.stdout = sys.stderr",
        "random.seed(1)",
    ],
)
def test_what_a_job_changes_in_passing_is_as_before_for_the_next(driver, change):
    tells = (
        "umask = os.umask(0)",
        "os.umask(umask)",
        "state = [os.environ.get('JOBSERVER_TEST'), os.getcwd(), umask]",
        "state += [list(sys.path), list(sys.argv)]",
        "state.append(str(signal.getsignal(signal.SIGTERM)))",
        "state.append([signal.alarm(0), sys.stdout.name])",
        "random_numbers = random.random()",
        "changed = exec(data.get('change')) if 'change' in data else None",
        "return {'state': state, 'random': random_numbers, 'next': random.random()}",
    )
    worker = driver.fork()
    first = worker.give("jobs.Job", source(*tells), {"change": change}, **HOW).result()
    second = worker.give("jobs.Job", source(*tells), **HOW).result()
    assert second["state"] == first["state"]
    if "seed" in change:
        assert second["random"] != 0.8474337369372327  # what follows in Python's own sequence


@pytest.mark.parametrize(
    "leaves",
    [
        "threading.Thread(target=for_ever_sleep, daemon=True).start()",
        "subprocess.Popen(['sleep', '1000'])",
        "os.fork() or for_ever()",
        "sys.stdout.close()",
    ],
)
def test_a_worker_ends_whose_job_has_left_something_behind(driver, leaves):
    lines = source("for_ever_sleep = lambda: time.sleep(1000)", leaves, "return os.getpid()")
    worker = driver.fork().give("jobs.Job", lines, **HOW)
    assert worker.outcome() == worker.pid
    assert worker.exit() == "exit 0"


def test_a_worker_ends_whose_job_has_failed(driver):
    worker = driver.fork().give("jobs.Job", source("raise ValueError('why')"), **HOW)
    assert worker.outcome()["failure"]["message"] == "why"
    assert worker.exit() == "exit 0"


def test_a_worker_stays_whose_job_refused_its_input(driver):
    worker = driver.fork()
    refuses = source("return 1").replace("return config", "return build_problems(['no'])")
    worker.give("jobs.Job", refuses, **HOW)
    assert worker._next() == {
        "op": "ended",
        "stays": True,
        "outcome": "invalid",
        "problems": ["no"],
    }
    assert worker.give("jobs.Job", refuses).answer()[-1]["outcome"] == "invalid"


def test_a_job_that_is_killed_takes_its_worker_along(driver, fifo):
    worker = driver.fork()
    waits = source("if 'fifo' in data:", "    tell(data, 'runs')", "    for_ever()", "return 1")
    assert worker.give("jobs.Job", waits, **HOW).result() == 1
    worker.give("jobs.Job", waits, {"fifo": str(fifo)}, **HOW)
    assert fifo.read_text() == "runs"
    driver.kill(worker.pid)
    assert worker.exit() == "signal 9"


def test_the_log_of_a_job_whose_worker_stays_is_shortened(driver):
    worker = driver.fork()
    prints = source("print('a line of some length\\n' * 20_000)", "return 1")
    worker.give("jobs.Job", prints, limit=100_000, **HOW).result()
    driver.log_over(worker.pid)
    deadline = time.monotonic() + PATIENCE
    while worker.log_file.stat().st_size > 100_000:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "bytes are left out here" in worker.log()
    assert worker.give("jobs.Job", prints, limit=100_000, **HOW).result() == 1
