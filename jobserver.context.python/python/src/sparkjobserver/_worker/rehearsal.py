"""A job that does what each job does. A worker runs it while no real one waits for it.

By the first job that comes, modules are loaded, and memory that is shared with the zygote, of
which the process gets its own copy when it first touches it, has been touched.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sparkjobserver._worker import jobs
from sparkjobserver.api import NamedObjects, SparkJob

_FOLDER = Path(__file__).parent


class Rehearsal(SparkJob):
    """Is found, like the job of a binary, in a folder that was put on the path."""

    def validate(self, context: Any, runtime: Any, config: Any) -> Any:  # noqa: ARG002
        """Reads its configuration."""
        return config.get("input.strings")

    def run_job(self, context: Any, runtime: Any, data: Any) -> Any:  # noqa: ARG002
        """Returns something of each kind that JSON has."""
        return {"a": [1, 2.5, None, "x", True], 1: (data, len(runtime.contextConfig))}


class _Stage:
    """The host of the rehearsal, whose traces stay on it."""

    def __init__(self, named_objects: Callable[[Path], NamedObjects]) -> None:
        self._named_objects = named_objects

    def context_for(self, instance: Any) -> Any:  # noqa: ARG002
        """No context."""
        return None

    def use_binaries(self, digest: str, includes: tuple[str, ...]) -> None:
        """Leaves executors alone."""

    def named_objects(self, locks: Path) -> NamedObjects:
        """Those of the context, which the rehearsal does not look at."""
        return self._named_objects(locks)


def rehearse(named_objects: Callable[[Path], NamedObjects]) -> jobs.Outcome:
    """Runs the rehearsal, and leaves nothing of it behind.

    :param named_objects: as in `jobs.Host`
    """
    job = jobs.Job.from_message(
        {
            "jobId": "rehearsal",
            "classPath": "rehearsal.Rehearsal",
            "archive": __file__,
            "type": "Wheel",
            "digest": _FOLDER.name,
            "unpacked": str(_FOLDER.parent),
            "includes": [],
            "config": '{"input":{"strings":["a"]},"n":1}',
            "contextConfig": '{"a":{"b":1}}',
            "log": "",
            "longestResult": 1_000,
            "memory": 0,
            "tag": "",
            "mayStay": False,
        }
    )
    path = list(sys.path)
    try:
        return jobs.run(job, _Stage(named_objects), lambda: None)
    finally:
        sys.path[:] = path
        sys.path_importer_cache.pop(str(_FOLDER), None)
        sys.modules.pop("rehearsal", None)
