import threading

import pytest

from sparkjobserver.api import NamedObject, NamedObjects
from sparkjobserver.testing import MemoryStore


class Frame:
    """Behaves like a DataFrame, as far as named objects look."""

    def __init__(self, plan="plan"):
        self.plan = plan
        self.calls = []

    def persist(self, *level):
        self.calls.append(("persist", *level))

    def unpersist(self):
        self.calls.append("unpersist")

    def count(self):
        self.calls.append("count")

    def sameSemantics(self, other):  # noqa: N802
        return self.plan == other.plan


Frame.__module__ = "pyspark.sql.dataframe"


@pytest.fixture
def named_objects():
    return NamedObjects(MemoryStore())


def test_an_unknown_name_has_no_object(named_objects):
    assert named_objects.get("none") is None
    named_objects.forget("none")
    named_objects.destroy("none")
    assert named_objects.get_names() == []


def test_an_object_is_made_once(named_objects):
    made = named_objects.get_or_else_create("a", lambda: NamedObject(1))
    again = named_objects.get_or_else_create("a", lambda: NamedObject(2))
    assert (made.obj, again.obj, named_objects.get("a").obj) == (1, 1, 1)


def test_a_bare_object_will_do(named_objects):
    assert named_objects.get_or_else_create("a", lambda: [1]).obj == [1]
    assert named_objects.update("a", lambda: [2]).obj == [2]


def test_an_object_whose_making_fails_has_no_name(named_objects):
    with pytest.raises(ZeroDivisionError):
        named_objects.get_or_else_create("a", lambda: 1 / 0)
    assert named_objects.get_names() == []
    assert named_objects.get_or_else_create("a", lambda: 1).obj == 1


def test_of_several_that_ask_at_once_one_makes_the_object(named_objects):
    made, asking = [], threading.Barrier(4)

    def make():
        made.append(1)
        return "object"

    def ask():
        asking.wait(10)
        named_objects.get_or_else_create("a", make)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_one_object_may_be_made_out_of_another(named_objects):
    made = named_objects.get_or_else_create(
        "a", lambda: named_objects.get_or_else_create("b", lambda: 1).obj + 1
    )
    assert made.obj == 2
    assert named_objects.get_names() == ["a", "b"]


def test_spark_keeps_the_data_as_asked(named_objects):
    lazy, eager = Frame(), Frame()
    named_objects.update("lazy", lambda: NamedObject(lazy))
    named_objects.update("eager", lambda: NamedObject(eager, True, "DISK_ONLY"))
    assert lazy.calls == [("persist",)]
    assert eager.calls == [("persist", "DISK_ONLY"), "count"]


def test_an_update_drops_the_data_of_what_it_replaces(named_objects):
    old, new = Frame("old"), Frame("new")
    named_objects.update("a", lambda: old)
    named_objects.update("a", lambda: new)
    assert old.calls == [("persist",), "unpersist"]
    assert new.calls == [("persist",)]


def test_an_update_by_the_same_plan_keeps_the_data(named_objects):
    old, new = Frame(), Frame()
    named_objects.update("a", lambda: old)
    named_objects.update("a", lambda: new)
    assert "unpersist" not in old.calls


def test_forget_keeps_the_data_and_destroy_drops_it(named_objects):
    forgotten, destroyed = Frame(), Frame()
    named_objects.update("a", lambda: forgotten)
    named_objects.update("b", lambda: destroyed)
    named_objects.forget("a")
    named_objects.destroy("b")
    assert "unpersist" not in forgotten.calls
    assert "unpersist" in destroyed.calls
    assert named_objects.get_names() == []
