"""What the jobs of a context share by name, as it is told over HTTP."""

from __future__ import annotations

import os
import signal
import zipfile
from typing import Any

import pytest
from server import Server, until

JOBS = """
from sparkjobserver.api import NamedObject, SparkJob

class Job(SparkJob):
    def validate(self, context, runtime, config):
        return config

class Shares(Job):
    def run_job(self, context, runtime, data):
        names = runtime.namedObjects
        frame = context.range(0, 1000, 1, 1)
        rdd = context._sc.parallelize(range(1000), 1).map(str)
        names.update('frame', lambda: NamedObject(frame, forceComputation=True))
        names.update('rdd', lambda: NamedObject(rdd, forceComputation=True))
        names.update('value', lambda: {'a': [1, 2]})
        objects = context._sc._gateway.entry_point.namedObjects()
        objects.put('bare', context._sc._gateway.jvm.java.util.Date())

class Uses(Job):
    def run_job(self, context, runtime, data):
        names = runtime.namedObjects
        return [names.get('frame').obj.count(), names.get('rdd').obj.count(),
                names.get('value').obj, names.get_names()]

class Drops(Job):
    def run_job(self, context, runtime, data):
        getattr(runtime.namedObjects, data['how'])(data['name'])
"""


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    egg = tmp_path_factory.mktemp("archive") / "sharing.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("sharing.py", JOBS)
    server.upload("sharing", egg)
    server.context("c")
    return server


def run(server: Server, job: str, config: str = "") -> Any:
    answer = server.submit("sharing", f"sharing.{job}", "c", config)
    assert answer.status == 202, answer
    report = server.ended(answer.json["jobId"], 300)
    assert report["status"] == "FINISHED", report
    return report["result"]


def objects(server: Server) -> dict[str, Any]:
    answer = server.get("/contexts/c/objects")
    assert answer.status == 200, answer
    names = [told["name"] for told in answer.json]
    assert names == sorted(names)
    return {told.pop("name"): told for told in answer.json}


def test_what_jobs_share_is_listed_until_it_is_dropped(jobs: Server) -> None:
    assert objects(jobs) == {}
    run(jobs, "Shares")
    assert run(jobs, "Uses") == [1000, 1000, {"a": [1, 2]}, ["bare", "frame", "rdd", "value"]]
    shared = objects(jobs)
    sizes = {name: shared[name].pop("size") for name in ("frame", "rdd", "value")}
    assert all(size > 0 for size in sizes.values()), sizes
    assert shared == {
        "bare": {"kind": "object", "class": "java.util.Date"},
        "frame": {"kind": "dataframe"},
        "rdd": {"kind": "rdd"},
        "value": {"kind": "value", "class": "dict"},
    }

    run(jobs, "Drops", "how = forget, name = value")
    run(jobs, "Drops", "how = destroy, name = rdd")
    assert list(objects(jobs)) == ["bare", "frame"]


def test_a_context_that_is_not_live_has_no_list(jobs: Server) -> None:
    answer = jobs.get("/contexts/none/objects")
    assert (answer.status, answer.json) == (
        404,
        {"status": "ERROR", "result": "can't find context with name none"},
    )
    jobs.context("short")
    assert jobs.get("/contexts/short/objects").json == []
    jobs.request("DELETE", "/contexts/short")
    until(lambda: jobs.context_state("short") == "FINISHED", 60, "it is stopped")
    assert jobs.get("/contexts/short").status == 200
    assert jobs.get("/contexts/short/objects").status == 404


def test_a_driver_that_hangs_is_out_of_reach(jobs: Server) -> None:
    driver = jobs.driver("c")
    os.kill(driver, signal.SIGSTOP)
    try:
        # Right after its last sign of life it is still asked.
        answer = jobs.get("/contexts/c/objects")
        assert answer.status == 503, answer
        assert "driver of context c" in answer.json["result"]
        assert int(answer.headers["Retry-After"]) > 0
        until(
            lambda: "out of reach" in jobs.get("/contexts/c/objects").json["result"],
            60,
            "it is not asked any more",
        )
    finally:
        os.kill(driver, signal.SIGCONT)
    until(lambda: jobs.get("/contexts/c/objects").status == 200, 60, "it answers again")
