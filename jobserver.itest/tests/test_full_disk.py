"""What the server does when its disk is full: it says so, and loses nothing."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import Server, example, until

MIB = 1024 * 1024
COUNT = "example_jobs.word_count.WordCountSparkJob"

#: Mounts small disks, which are seen by what is started here and end with it.
SMALL_DISKS = """
    mount -t tmpfs -o size=2m spool '{0}/spool'
    mv '{0}/db' '{0}/db.first'
    mkdir '{0}/db'
    mount -t tmpfs -o size=64m db '{0}/db'
    cp -a '{0}/db.first/.' '{0}/db'
    exec "$@"
"""
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")

pytestmark = pytest.mark.skipif(
    subprocess.run(
        [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="mounts cannot be made in a namespace here",
)


@pytest.fixture
def small(fresh: Server) -> Iterator[Server]:
    """A server with 2 MiB for uploads that come in, and 64 MiB for the database.

    From within its namespace of users it may not look at the processes of others, and so does not
    know who calls.
    """
    fresh.conf.write_text(fresh.conf.read_text() + 'spark.jobserver.auth.ways = ["none"]\n')
    fresh.start()
    fresh.stop()
    fresh.start(within=(*NAMESPACE, "bash", "-ec", SMALL_DISKS.format(fresh.data), "bash"))
    yield fresh


def content(size: int, seed: int) -> bytes:
    return b"PK\x03\x04" + random.Random(seed).randbytes(size)


def upload(server: Server, name: str, size: int, seed: int = 0) -> int:
    answer = server.request(
        "POST", f"/binaries/{name}", content(size, seed), "application/python-egg"
    )
    assert answer.status == 201 or "no room on the server's disk" in answer.text, answer
    return answer.status


def test_an_upload_for_which_there_is_no_room_leaves_nothing(small: Server) -> None:
    assert upload(small, "large", 3 * MIB) == 507
    answer = small.request("POST", "/data/large", content(3 * MIB, 0))
    assert answer.status == 507, answer
    assert [file for file in spool(small).rglob("*") if file.is_file()] == []
    assert small.get("/binaries").json == {}
    assert small.get("/data").json == []
    assert upload(small, "small", MIB) == 201
    assert list(small.get("/binaries").json) == ["small"]


def spool(server: Server) -> Path:
    """The folder as the server sees it."""
    return Path(f"/proc/{server.pid}/root{server.data}/spool")


def test_a_full_database_takes_no_more_and_loses_nothing(small: Server) -> None:
    small.upload("example_jobs", example("sjs_python_examples-*.egg"))
    small.context("c")
    slow = small.submit(
        "example_jobs", "example_jobs.slow_job.SlowJob", "c", "sleep.seconds = 20"
    ).json["jobId"]
    kept = []
    while upload(small, f"b{len(kept)}", MIB, len(kept)) == 201:
        kept.append(f"b{len(kept)}")
        assert len(kept) < 100
    accepted = []
    # The rest is filled with submissions.
    for number in range(1000):
        body = f'input.strings = [a, b, a], filler = "{"x" * 100_000}{number}"'
        answer = small.submit("example_jobs", COUNT, "c", body)
        if answer.status == 507:
            break
        assert answer.status in (202, 503), answer
        if answer.status == 202:
            accepted.append(answer.json["jobId"])
    assert answer.status == 507, answer
    assert "no room on the server's disk" in answer.text
    make_room(small)
    binaries = until(lambda: (a := small.get("/binaries")).status == 200 and a.json, 60, "it reads")
    assert set(binaries) == {"example_jobs", *kept}
    for job in (slow, *accepted):
        report = small.ended(job, 120)
        assert report["status"] == "FINISHED", report
        assert job == slow or report["result"] == {"a": 2, "b": 1}
    assert upload(small, "again", MIB, 1000) == 201


def make_room(server: Server) -> None:
    """Gives the database 128 MiB."""
    enter = ("nsenter", "--target", str(server.pid), "--user", "--mount", "--preserve-credentials")
    subprocess.run(
        [*enter, "mount", "-o", "remount,size=128m", str(server.data / "db")], check=True
    )
