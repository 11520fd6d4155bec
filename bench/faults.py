"""Workers killed under load, answers lost in crashes of the server, uploads that are broken off.

Counts what is left of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from injuries import aborted_uploads, killed_workers, repeated_submissions
from server import example, running, until

UPLOADS = 1000


def main() -> None:
    given = [int(word) for word in sys.argv[1:3]]
    rounds, deaths = given + [200, 500][len(given) :]
    with tempfile.TemporaryDirectory(prefix="faults-") as name, running(Path(name)) as server:
        egg = example("sjs_python_examples-*.egg")
        server.upload("example_jobs", egg)
        content = egg.read_bytes() + bytes(1_000_000)
        aborted_uploads(server, content, UPLOADS, seed=1)
        spool = server.data / "spool"
        until(lambda: not [f for f in spool.iterdir() if f.is_file()], 60, "the spool is empty")
        visible = [name for name in server.get("/binaries").json if name.startswith("aborted")]
        print(f"{UPLOADS} uploads broken off: {len(visible)} visible, 0 files left")
        server.context("c")
        begin = time.monotonic()
        kills = killed_workers(server, "c", deaths, seed=3)
        seconds = time.monotonic() - begin
        print(
            f"{deaths} workers killed in {seconds:.0f} s, {kills.busy} of them with a job; "
            f"{kills.jobs} jobs: {kills.finished} right, {kills.failed} failed by a kill, "
            f"{len(kills.wrong)} wrong or missing"
        )
        if kills.wrong:
            raise SystemExit("goal missed: " + "\n".join(kills.wrong[:20]))
        begin = time.monotonic()
        found = repeated_submissions(server, "c", rounds, seed=2)
        seconds = time.monotonic() - begin
        print(
            f"{rounds} answers lost in crashes and repeated, in {seconds:.0f} s; jobs per request:"
        )
        for jobs, requests in sorted(Counter(found.values()).items()):
            print(f"  {jobs}: {requests}")
        if visible or any(jobs != 1 for jobs in found.values()):
            raise SystemExit("goal missed: nothing visible, exactly one job for each request")


main()
