"""Plugins that come and go leave nothing behind: some cycles of `bench/plugins`."""

from __future__ import annotations

from pathlib import Path

from plugin_cycles import Cycles, Load, count
from server import running

CYCLES = 5
MOST_METASPACE = 5
"""MiB that the classes of a server may grow by."""
MOST_THREADS = 20
"""As many as may have come to answer requests that took longer, and be idle now."""


def test_a_plugin_that_comes_and_goes_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path, "spark.jobserver.rest.change-plugins = true\n") as server:
        cycles = Cycles(server, tmp_path)
        contexts = cycles.pinned()
        cycles.one()  # what comes with the first use of something is not counted
        before = count(server.pid)
        load = Load(server, contexts)
        try:
            for _ in range(CYCLES):
                cycles.one()
        finally:
            load.close()
        after = count(server.pid)

    assert load.wrong == []
    assert load.jobs > CYCLES
    # Of the revision that was last there something may remember a class until another comes.
    assert after.loaders - before.loaders <= 1, (before, after)
    assert after.metaspace - before.metaspace <= MOST_METASPACE, (before, after)
    assert after.threads - before.threads <= MOST_THREADS, (before, after)
