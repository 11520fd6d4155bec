"""Fixtures: what several tests share is started once."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import server as jobserver
from pki import Authority


@pytest.fixture(scope="session", autouse=True)
def _class_archive(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lets the first server make what the drivers of all later ones start faster with.

    Of several processes that test at once one does it, and the others wait.
    """
    cache = os.environ.get("JOBSERVER_CACHE")
    if cache is None:
        return
    Path(cache).mkdir(parents=True, exist_ok=True)
    with (Path(cache) / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with jobserver.running(tmp_path_factory.mktemp("archive")) as running:
            jobserver.until(
                lambda: "drivers start with the class archive" in running.log(),
                180,
                "there is an archive of classes",
            )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[jobserver.Server]:
    """A server of a file of tests, with the example jobs uploaded."""
    with jobserver.running(tmp_path_factory.mktemp("server")) as running:
        running.upload("example_jobs", jobserver.example("sjs_python_examples-*.egg"))
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of a file of tests, which has signed a certificate of a server."""
    one = Authority(tmp_path_factory.mktemp("authority"))
    one.sign("server", server=True)
    return one


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[jobserver.Server]:
    """A server of one test, not started."""
    one = jobserver.Server(tmp_path)
    try:
        yield one
    finally:
        one.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Lets a test that fails show what its servers and their drivers said last."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for fixture in item.funcargs.values():
            if isinstance(fixture, jobserver.Server):
                report.sections += fixture.last_words(40)
    return report
