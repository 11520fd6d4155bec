import collections
import datetime as dt
import decimal
import enum
import json
import sys
import uuid

import pytest
from pyhocon import ConfigFactory
from pyspark.sql import Row

from sparkjobserver._worker import results
from sparkjobserver._worker.results import to_json
from sparkjobserver.api import ResultError

Point = collections.namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 1


class Word(str, enum.Enum):
    HELLO = "hello"


class Text(str):
    def __str__(self):
        return "something else"


UTC = dt.timezone.utc

FORMS = [
    (None, "null"),
    (True, "true"),
    (7, "7"),
    (2**70, "1180591620717411303424"),
    (1250.0, "1250.0"),
    (-0.0, "-0.0"),
    (1e300, "1e+300"),
    (float("nan"), "null"),
    (float("inf"), '"Infinity"'),
    (float("-inf"), '"-Infinity"'),
    ([1.0, float("nan")], "[1.0,null]"),
    ('grün\n"\\\x00😀', '"grün\\n\\"\\\\\\u0000😀"'),
    ("half \ud800", '"half \\ud800"'),
    ({"half \udfff": {1}}, '{"half \\udfff":[1]}'),
    ([1, [2, (3,)]], "[1,[2,[3]]]"),
    (Row(a=1, b="x"), '[1,"x"]'),
    ([Row(day=dt.date(2026, 1, 2))], '[["2026-01-02"]]'),
    (Point(1, 2), "[1,2]"),
    ({"b": 1, "a": 2}, '{"b":1,"a":2}'),
    (collections.defaultdict(int, {"a": 2}), '{"a":2}'),
    (ConfigFactory.parse_string("a { b = 1 }"), '{"a":{"b":1}}'),
    ({1: "a", None: 2, True + 1: 3}, '{"1":"a","null":2,"2":3}'),
    ({True: 1, False: 0}, '{"true":1,"false":0}'),
    ({1.0: 1, 0.5: 2, float("nan"): 3}, '{"1.0":1,"0.5":2,"NaN":3}'),
    ({float("inf"): 1, float("-inf"): 2}, '{"Infinity":1,"-Infinity":2}'),
    ({("a", 1): 2}, '{"[\\"a\\",1]":2}'),
    ({dt.date(2026, 1, 2): 1}, '{"2026-01-02":1}'),
    ({decimal.Decimal("1.10"): 1}, '{"1.10":1}'),
    ({Colour.RED: Colour.RED}, '{"1":1}'),
    ({Word.HELLO: Word.HELLO}, '{"hello":"hello"}'),
    ([Text("real")], '["real"]'),
    (dt.datetime(2026, 1, 2, 3, 4, 5), '"2026-01-02T03:04:05"'),
    (dt.datetime(2026, 1, 2, 3, 4, 5, 6000, UTC), '"2026-01-02T03:04:05.006000+00:00"'),
    (dt.time(3, 4), '"03:04:00"'),
    (decimal.Decimal("1.10"), "1.10"),
    (
        decimal.Decimal("12345678901234567890.12345678901234567890"),
        "12345678901234567890.12345678901234567890",
    ),
    (decimal.Decimal("1E+5"), "1E+5"),
    (decimal.Decimal("NaN"), "null"),
    (decimal.Decimal("-Infinity"), '"-Infinity"'),
    (b"\x00\xff", '"AP8="'),
    (bytearray(b"a"), '"YQ=="'),
    (memoryview(b"a"), '"YQ=="'),
    ({3, 10, 2}, "[2,3,10]"),
    ({"b", "a"}, '["a","b"]'),
    ({1, "a", None}, '["a",1,null]'),
    (frozenset({frozenset({2}), frozenset({1})}), "[[1],[2]]"),
    ([], "[]"),
    ({}, "{}"),
    (set(), "[]"),
]


@pytest.mark.parametrize(("value", "text"), FORMS, ids=[text[:40] for _, text in FORMS])
def test_each_value_has_its_form(value, text):
    assert to_json(value).decode() == text
    json.loads(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "result is of type object,"),
        ({"a": [1, 2, 3, 1j]}, 'result["a"][3] is of type complex,'),
        ({"a": {("x", 1): uuid.UUID(int=1)}}, "result[\"a\"][('x', 1)] is of type uuid.UUID,"),
        ([range(3)], "result[0] is of type range,"),
        ((x for x in ()), "result is of type generator,"),
        ([dt.timedelta(1)], "result[0] is of type datetime.timedelta,"),
        ({1: {object(): 2}}, "is of type object,"),
        ([{1: "a", "1": "b"}], "result[0] has the keys 1 and '1', which are both \"1\" in JSON"),
        ({True: 1, "true": 2}, 'both "true" in JSON'),
        ({None: 1, "null": 2}, 'both "null" in JSON'),
    ],
)
def test_a_value_without_a_form_is_named_with_the_path_to_it(value, message):
    with pytest.raises(ResultError) as raised:
        to_json(value)
    assert message in str(raised.value)


def test_a_live_dataframe_is_to_be_collected():
    class DataFrame:
        pass

    DataFrame.__module__ = "pyspark.sql.dataframe"
    with pytest.raises(ResultError, match=r"\[0\] is of type pyspark.sql.* collect it"):
        to_json([DataFrame()])


def test_an_integer_of_too_many_digits_is_named_where_python_has_a_limit():
    if not hasattr(sys, "set_int_max_str_digits"):
        pytest.skip("this Python writes all integers")
    with pytest.raises(ResultError, match=r'result\["n"\] cannot be written'):
        to_json({"n": 10**5000})


@pytest.mark.parametrize("scalar", [1, 1.5, {2}])
def test_values_that_contain_themselves_are_refused(scalar):
    inner = {"b": [scalar]}
    value = {"a": inner}
    inner["b"].append(value)
    with pytest.raises(
        ResultError, match=r'result\["a"\]\["b"\]\[1\] is a value that contains itself'
    ):
        to_json(value)


def test_a_value_may_occur_twice_without_containing_itself():
    shared = [{1}]
    assert to_json([shared, shared]) == b"[[[1]],[[1]]]"


@pytest.mark.parametrize("scalar", [1, float("nan")])
def test_depth_has_a_limit_that_does_not_depend_on_the_values(scalar):
    def nested(depth):
        value = scalar
        for _ in range(depth):
            value = [value]
        return value

    assert to_json(nested(results.DEEPEST)).startswith(b"[[[")
    with pytest.raises(ResultError, match="lies in more than 900 lists or dictionaries"):
        to_json(nested(results.DEEPEST + 1))
    with pytest.raises(ResultError, match="lies in more than 900 lists or dictionaries"):
        to_json(nested(100_000))


def test_the_limit_of_recursion_is_as_before():
    before = sys.getrecursionlimit()
    to_json([{1}])
    assert sys.getrecursionlimit() == before


def test_large_plain_results_go_through_the_c_encoder(monkeypatch):
    monkeypatch.setattr(results, "_Writer", None)
    rows = [Row(id=i, name=f"row {i}", half=i * 0.5, nothing=None) for i in range(1000)]
    assert json.loads(to_json({"rows": rows}))["rows"][999] == [999, "row 999", 499.5, None]
