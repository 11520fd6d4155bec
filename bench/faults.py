"""Answers lost in crashes of the server, and uploads that are broken off: what is left of them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from injuries import aborted_uploads, repeated_submissions
from server import example, running, until

UPLOADS = 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
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
        found = repeated_submissions(server, "c", rounds, seed=2)
        seconds = time.monotonic() - begin
        print(
            f"{rounds} answers lost in crashes and repeated, in {seconds:.0f} s; jobs per request:"
        )
        for jobs, requests in sorted(Counter(found.values()).items()):
            print(f"  {jobs}: {requests}")
        if visible or set(found.values()) != {1}:
            raise SystemExit("goal missed: nothing visible, exactly one job for each request")


main()
