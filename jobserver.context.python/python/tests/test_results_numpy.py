import pytest

from sparkjobserver._worker.results import to_json
from sparkjobserver.api import ResultError

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(5), "5"),
        (np.float64(1250.0), "1250.0"),
        (np.float32(0.5), "0.5"),
        (np.float64("nan"), "null"),
        (np.longdouble(0.5), "0.5"),
        (np.bool_(True), "true"),
        (np.str_("a"), '"a"'),
        (np.arange(3), "[0,1,2]"),
        (np.array([[1.0, float("inf")]]), '[[1.0,"Infinity"]]'),
        (np.array(5), "5"),
        (np.array(["a", None, {1}], dtype=object), '["a",null,[1]]'),
        (np.array([0.5], dtype=np.longdouble), "[0.5]"),
        (np.datetime64("2026-01-02T03:04:05", "ns"), '"2026-01-02T03:04:05.000000000"'),
        (np.datetime64("NaT"), "null"),
        (
            np.array([["2026-01-02", "NaT"]], dtype="M8[ns]"),
            '[["2026-01-02T00:00:00.000000000",null]]',
        ),
        ({np.int64(1): np.int64(2)}, '{"1":2}'),
        ([1, np.int64(2)], "[1,2]"),
    ],
)
def test_each_value_has_its_form(value, text):
    assert to_json(value).decode() == text


@pytest.mark.parametrize("value", [np.timedelta64(1, "s"), np.complex64(1), np.array([1j])])
def test_other_types_are_refused(value):
    with pytest.raises(ResultError, match=r"result\[0\] is .*has no form in JSON"):
        to_json([value])
