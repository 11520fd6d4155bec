"""Executors in processes of their own: what a binary holds is importable there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server import Server, example, standalone_master

WORDS = "example_jobs.word_count.WordCountSparkJob"
INPUT = 'input.strings = ["a", "b", "a"]'

REMOTE = """
from sparkjobserver.api import SparkJob


def shout(word):
    return word.upper()


class Shout(SparkJob):
    def validate(self, context, runtime, config):
        return config.get_list("input.strings")

    def run_job(self, context, runtime, data):
        return sorted(context._sc.parallelize(data, 2).map(shout).collect())
"""


@pytest.fixture(scope="module", params=["egg", "wheel"])
def shouting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary whose functions run on executors, which must import its module there."""
    import zipfile

    kind = "whl" if request.param == "wheel" else "egg"
    file = tmp_path_factory.mktemp("shout") / f"shouting-1.0-py3-none-any.{kind}"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shouting/__init__.py", REMOTE)
    return file


def runs_on_executors(server: Server, context: str, shouting: Path) -> None:
    answer = server.submit("example_jobs", WORDS, context, INPUT, sync="true", timeout="110")
    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text
    server.upload("shouting", shouting)
    answer = server.submit("shouting", "shouting.Shout", context, INPUT, sync="true", timeout="110")
    assert (answer.status, answer.json.get("result")) == (200, ["A", "A", "B"]), answer.text


def test_a_local_cluster_runs_the_word_count(server: Server, shouting: Path) -> None:
    name = f"cluster-{shouting.suffix[1:]}"
    server.context(name, 'spark.context-settings { spark.master = "local-cluster[2,1,1024]" }')

    runs_on_executors(server, name, shouting)

    assert server.request("DELETE", f"/contexts/{name}").status == 200


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with standalone_master(tmp_path_factory.mktemp("standalone")) as url:
        yield url


def test_a_standalone_master_runs_the_word_count(
    server: Server, master: str, shouting: Path
) -> None:
    name = f"standalone-{shouting.suffix[1:]}"
    server.context(name, f'spark.context-settings {{ spark.master = "{master}" }}')

    assert server.get(f"/contexts/{name}").json["applicationId"].startswith("app-")
    runs_on_executors(server, name, shouting)

    assert server.request("DELETE", f"/contexts/{name}").status == 200


def test_the_examples_are_built_for_both_kinds_of_binary() -> None:
    assert example("sjs_python_examples-*.egg").is_file()
    assert example("sjs_python_examples-*.whl").is_file()
