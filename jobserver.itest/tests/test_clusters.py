"""Executors in processes of their own: what a binary holds is importable there."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from server import Server, example, standalone_master, until
from test_docs import ROOT

WORDS = "example_jobs.word_count.WordCountSparkJob"
INPUT = 'input.strings = ["a", "b", "a"]'

REMOTE = """
import time

from sparkjobserver.api import SparkJob


def shout(word):
    return word.upper()


class Shout(SparkJob):
    def validate(self, context, runtime, config):
        return config.get_list("input.strings")

    def run_job(self, context, runtime, data):
        return sorted(context._sc.parallelize(data, 2).map(shout).collect())


# Tells where executors have their Spark, and where they work.
class Homes(SparkJob):
    def validate(self, context, runtime, config):
        return None

    def run_job(self, context, runtime, data):
        def home(_):
            import os

            time.sleep(0.2)  # so that each executor gets a task
            return os.environ["SPARK_HOME"], os.environ["HOME"], os.path.dirname(os.getcwd())

        return context._sc.parallelize(range(8), 8).map(home).distinct().collect()
"""


@pytest.fixture(scope="module", params=["egg", "wheel"])
def shouting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary whose functions run on executors, which must import its module there."""
    kind = "whl" if request.param == "wheel" else "egg"
    file = tmp_path_factory.mktemp("shout") / f"shouting-1.0-py3-none-any.{kind}"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shouting/__init__.py", REMOTE)
    return file


def runs_on_executors(server: Server, context: str, shouting: Path) -> None:
    answer = server.submit("example_jobs", WORDS, context, INPUT, sync="true", timeout="250")
    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text
    server.upload("shouting", shouting)
    answer = server.submit("shouting", "shouting.Shout", context, INPUT, sync="true", timeout="250")
    assert (answer.status, answer.json.get("result")) == (200, ["A", "A", "B"]), answer.text


def test_a_local_cluster_runs_the_word_count(server: Server, shouting: Path) -> None:
    name = f"cluster-{shouting.suffix[1:]}"
    server.context(name, 'spark.context-settings { spark.master = "local-cluster[2,1,1024]" }')

    runs_on_executors(server, name, shouting)

    assert server.request("DELETE", f"/contexts/{name}").status == 200


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A master's URL, and the folder that its workers have their homes in."""
    folder = tmp_path_factory.mktemp("standalone")
    with standalone_master(folder, patience=120, workers=2) as url:
        yield url, folder


@pytest.fixture(scope="module")
def standalone(server: Server, cluster: tuple[str, Path]) -> Iterator[str]:
    """A context with an executor on each of the two workers, in client deploy mode."""
    server.context("standalone", f'spark.context-settings {{ spark.master = "{cluster[0]}" }}')
    yield "standalone"
    assert server.request("DELETE", "/contexts/standalone").status == 200


def test_a_standalone_master_runs_the_word_count(
    server: Server, standalone: str, shouting: Path
) -> None:
    assert server.get(f"/contexts/{standalone}").json["applicationId"].startswith("app-")
    runs_on_executors(server, standalone, shouting)


def test_executors_on_several_workers_need_nothing_of_the_servers_machine(
    server: Server, standalone: str, cluster: tuple[str, Path], shouting: Path
) -> None:
    server.upload("shouting", shouting)

    def homes() -> set[tuple[str, ...]]:
        submitted = {"sync": "true", "timeout": "110"}
        answer = server.submit("shouting", "shouting.Homes", standalone, **submitted)
        return {tuple(home) for home in answer.json["result"]}

    # The second executor may be there only now.
    told = until(lambda: seen if len(seen := homes()) == 2 else None, 60, "both have had a task")

    for number, (spark, home, work) in enumerate(sorted(told)):
        place = cluster[1] / f"worker-{number}"
        assert (spark, home) == (str(place / "pyspark"), str(place))
        assert Path(work).parent == place / "work"


@pytest.fixture(scope="module")
def latency() -> ModuleType:
    """The program of `bench/latency`, for its jobs."""
    spec = importlib.util.spec_from_file_location("latency", ROOT / "bench" / "latency.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_standalone_master_runs_the_jobs_of_the_benchmark(
    server: Server, standalone: str, latency: ModuleType, tmp_path: Path
) -> None:
    egg = tmp_path / "benchjobs-1.0-py3.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("benchjobs/__init__.py", latency.JOBS)
    server.upload("bench", egg)

    for kind, class_path, config, right in latency.KINDS:
        answer = server.submit(
            "bench", class_path, standalone, json.dumps(config), sync="true", timeout="250"
        )
        assert (answer.status, answer.json.get("result")) == (200, right), (kind, answer.text)


def test_the_examples_are_built_for_both_kinds_of_binary() -> None:
    assert example("sjs_python_examples-*.egg").is_file()
    assert example("sjs_python_examples-*.whl").is_file()
