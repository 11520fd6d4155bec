import json

import pytest

from sparkjobserver._worker.results import to_json
from sparkjobserver.api import ResultError

pd = pytest.importorskip("pandas")


def test_a_dataframe_is_a_list_of_records():
    frame = pd.DataFrame(
        {"a": [1, 2], "b": [0.5, float("nan")], "t": pd.to_datetime(["2026-01-02", None])}
    )
    assert json.loads(to_json(frame)) == [
        {"a": 1, "b": 0.5, "t": "2026-01-02T00:00:00"},
        {"a": 2, "b": None, "t": None},
    ]


def test_missing_values_of_any_kind_are_null():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64")})
    assert to_json([frame, pd.NaT]) == b'[[{"a":1},{"a":null}],null]'


def test_two_columns_of_one_name_are_an_error():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ResultError, match="two columns of one name"):
        to_json(frame)


def test_a_series_is_refused_for_it_could_be_a_list_or_a_dictionary():
    with pytest.raises(ResultError, match=r"pandas.*Series.*return a DataFrame or a list"):
        to_json(pd.Series([1]))
