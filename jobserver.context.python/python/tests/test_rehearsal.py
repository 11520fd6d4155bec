import json
import sys

from sparkjobserver._worker import jobs
from sparkjobserver._worker.rehearsal import rehearse
from sparkjobserver.api import NamedObjects
from sparkjobserver.testing import MemoryStore


def test_it_is_a_whole_job():
    outcome = rehearse(lambda _: NamedObjects(MemoryStore()))
    assert isinstance(outcome, jobs.Finished)
    assert json.loads(outcome.result) == {"a": [1, 2.5, None, "x", True], "1": [["a"], 1]}


def test_nothing_of_it_is_left():
    before = (list(sys.path), set(sys.modules), set(sys.path_importer_cache))
    rehearse(lambda _: NamedObjects(MemoryStore()))
    assert (list(sys.path), set(sys.modules), set(sys.path_importer_cache)) == before


def test_a_module_of_its_name_that_a_job_has_is_the_jobs(tmp_path, monkeypatch):
    (tmp_path / "rehearsal.py").write_text("mine = True")
    monkeypatch.syspath_prepend(tmp_path)
    rehearse(lambda _: NamedObjects(MemoryStore()))
    import rehearsal  # noqa: PLC0415

    assert rehearsal.mine
    del sys.modules["rehearsal"]
