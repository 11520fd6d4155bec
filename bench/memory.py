"""Memory at rest: of the idle server, and of a driver and its workers after a job."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from server import example, processes, running

from figures import pss, rss

WORDS = "example_jobs.word_count.WordCountSparkJob"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="memory-") as folder, running(Path(folder)) as server:
        time.sleep(10)
        print(f"idle server          RSS {rss(server.pid):6.0f} MB")
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("idle")
        time.sleep(10)
        driver = server.driver("idle")
        print(f"idle driver          RSS {rss(driver):6.0f} MB, before its first job")
        answer = server.submit(
            "example_jobs", WORDS, "idle", 'input.strings = ["a"]', sync="true", timeout="60"
        )
        assert answer.json["result"] == {"a": 1}, answer.text
        time.sleep(10)
        print(f"idle driver          RSS {rss(driver):6.0f} MB, after a job")
        zygote, *waiting = server.workers("idle")
        print(f"zygote               PSS {pss(zygote):6.1f} MB")
        for worker in waiting:
            print(f"idle worker          PSS {pss(worker):6.1f} MB")
        others = set(processes(server.context_id("idle").encode())) - {driver, zygote, *waiting}
        for pid in sorted(others):
            print(f"other, of executors  PSS {pss(pid):6.1f} MB")


main()
