"""Turns what a job returns into one JSON text.

Nearly all results go through the C encoder of the standard library. It would get some values wrong
in silence (keys that are not strings) and cannot tell others, so results are looked through first,
and those that need it go through `_Writer`.
"""

from __future__ import annotations

import base64
import json
import math
import sys
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from sparkjobserver._worker import frames
from sparkjobserver._worker.failures import qualified_name
from sparkjobserver.api import ResultError

DEEPEST = 900
"""How many lists and dictionaries may lie in one another. Common JSON parsers refuse 1000."""

_SCALARS = frozenset({str, int, float, bool, type(None)})
_encode_plain = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def to_json(result: Any, longest: int = frames.LONGEST) -> bytes:
    """The result as JSON in UTF-8.

    :param longest: how many bytes it may have
    :raises ResultError: when a part of it has no form in JSON; the message says which
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 5 * DEEPEST))
    try:
        text = _text(result)
    except RecursionError:
        raise ResultError("the result is nested too deeply") from None
    finally:
        sys.setrecursionlimit(limit)
    # A half of a surrogate pair has no UTF-8, but an escape in JSON, which looks as in Python.
    content = text.encode("utf-8", "backslashreplace")
    if len(content) > longest:
        raise ResultError(
            f"the result has {len(content)} bytes as JSON; at most {longest} are allowed"
            " (max-result-size of the context's settings)"
        )
    return content


def _text(result: Any) -> str:
    if _is_plain(result, 0):
        try:
            return _encode_plain(result)
        except ValueError:  # NaN, an infinity, or an integer of more digits than Python writes
            pass
    return _Writer().text(result)


def _is_plain(value: Any, depth: int) -> bool:
    """Whether the C encoder tells the value as it should be told."""
    if type(value) in _SCALARS:
        return True
    if depth == DEEPEST:
        return False
    if isinstance(value, (list, tuple)):
        for item in value:
            if type(item) not in _SCALARS and not _is_plain(item, depth + 1):
                return False
        return True
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str:
                return False
            if type(item) not in _SCALARS and not _is_plain(item, depth + 1):
                return False
        return True
    return False


class _Writer:
    """Writes one result, and knows where in it it is."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._path: list[str] = []
        self._open: set[int] = set()

    def text(self, result: Any) -> str:
        self._write(result)
        return "".join(self._parts)

    def _write(self, value: Any) -> None:
        if value is None or value is True or value is False:
            self._parts.append("null" if value is None else "true" if value else "false")
        elif isinstance(value, str):
            self._parts.append(encode_basestring(str.__str__(value)))
        elif isinstance(value, int):
            self._parts.append(self._integer(value))
        elif isinstance(value, float):
            self._parts.append(_number(float(value)))
        elif isinstance(value, dict):
            self._write_object(value)
        elif isinstance(value, (list, tuple)):
            self._write_array(value, value)
        elif isinstance(value, (set, frozenset)):
            self._write_array(value, self._sorted(value))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            self._parts.append(f'"{base64.b64encode(value).decode("ascii")}"')
        elif isinstance(value, (datetime, date, time)):
            # pandas' NaT is a datetime, and like NaN not equal to itself
            self._parts.append(f'"{value.isoformat()}"' if value == value else "null")  # noqa: PLR0124
        elif isinstance(value, Decimal):
            self._parts.append(_decimal(value))
        else:
            self._write_foreign(value)

    def _write_object(self, value: dict[Any, Any]) -> None:
        self._enter(value)
        self._parts.append("{")
        keys: dict[str, Any] = {}
        for key, item in value.items():
            self._path.append(f"[{json.dumps(key) if type(key) is str else repr(key)}]")
            name = self._key(key)
            if name in keys:
                raise ResultError(
                    f"{self._where(-1)} has the keys {keys[name]!r} and {key!r},"
                    f" which are both {json.dumps(name)} in JSON"
                )
            if keys:
                self._parts.append(",")
            keys[name] = key
            self._parts.append(encode_basestring(name))
            self._parts.append(":")
            self._write(item)
            self._path.pop()
        self._parts.append("}")
        self._leave(value)

    def _write_array(self, value: Any, items: Iterable[Any]) -> None:
        self._enter(value)
        self._parts.append("[")
        for index, item in enumerate(items):
            if index:
                self._parts.append(",")
            self._path.append(f"[{index}]")
            self._write(item)
            self._path.pop()
        self._parts.append("]")
        self._leave(value)

    def _write_foreign(self, value: Any) -> None:
        """Writes values of numpy and pandas, which are not imported for that."""
        numpy: Any = sys.modules.get("numpy")
        pandas: Any = sys.modules.get("pandas")
        data_frame: Any = getattr(pandas, "DataFrame", ())
        if numpy is not None and isinstance(value, numpy.generic):
            self._write_numpy_scalar(numpy, value)
        elif numpy is not None and isinstance(value, numpy.ndarray):
            self._enter(value)
            self._write(self._numpy_list(numpy, value))
            self._leave(value)
        elif isinstance(value, data_frame):
            if not value.columns.is_unique:
                raise ResultError(f"{self._where()} is a DataFrame with two columns of one name")
            self._write(value.to_dict(orient="records"))
        elif value is getattr(pandas, "NA", self):
            self._parts.append("null")
        else:
            raise self._unsupported(value)

    def _write_numpy_scalar(self, numpy: Any, value: Any) -> None:
        kind = value.dtype.kind
        if kind == "b":
            self._write(bool(value))
        elif kind in "iu":
            self._write(int(value))
        elif kind == "f":
            self._write(float(value))
        elif kind == "M":
            self._write(None if numpy.isnat(value) else str(value))
        else:
            raise self._unsupported(value)

    def _numpy_list(self, numpy: Any, value: Any) -> Any:
        kind = value.dtype.kind
        if kind == "M":  # tolist() would make integers of nanoseconds
            flat = value.reshape(-1)
            texts = numpy.datetime_as_string(flat).astype(object)
            texts[numpy.isnat(flat)] = None
            return texts.reshape(value.shape).tolist()
        if kind not in "biufSUO":
            raise ResultError(
                f"{self._where()} is a numpy array of {value.dtype}, which has no form in JSON"
            )
        return value.tolist()

    def _key(self, key: Any) -> str:
        """The name that a key of a dictionary gets."""
        if isinstance(key, str):
            return str.__str__(key)
        if isinstance(key, float) and not math.isfinite(key):
            return "NaN" if math.isnan(key) else "Infinity" if key > 0 else "-Infinity"
        if isinstance(key, dict):
            raise self._unsupported(key)
        writer = _Writer()
        writer._path = self._path
        text = writer.text(key)
        return json.loads(text) if text.startswith('"') else text

    def _sorted(self, values: Iterable[Any]) -> list[Any]:
        """The values in an order that does not depend on the process.

        Numbers are ordered by size, texts by their letters, others and mixtures by their JSON.
        """
        items = list(values)
        kinds = {str if isinstance(item, str) else float for item in items if _is_ordered(item)}
        if len(kinds) == 1 and all(_is_ordered(item) for item in items):
            return sorted(items)
        return sorted(items, key=self._text_of)

    def _text_of(self, value: Any) -> str:
        writer = _Writer()
        writer._path = [*self._path, f"[{value!r}]"]
        return writer.text(value)

    def _integer(self, value: int) -> str:
        try:
            return int.__repr__(value)
        except ValueError as error:
            raise ResultError(f"{self._where()} cannot be written: {error}") from None

    def _enter(self, value: Any) -> None:
        if id(value) in self._open:
            raise ResultError(f"{self._where()} is a value that contains itself")
        if len(self._open) == DEEPEST:
            raise ResultError(f"{self._where()} lies in more than {DEEPEST} lists or dictionaries")
        self._open.add(id(value))

    def _leave(self, value: Any) -> None:
        self._open.remove(id(value))

    def _where(self, end: int | None = None) -> str:
        """The path to the value at hand, for example `result["a"][3]`."""
        path = self._path[:end]
        if len(path) > 20:
            path = [*path[:10], "...", *path[-5:]]
        return "result" + "".join(
            part if len(part) <= 200 else f"{part[:200]}...]" for part in path
        )

    def _unsupported(self, value: Any) -> ResultError:
        name = qualified_name(type(value))
        hint = ""
        if name.startswith(("pyspark.", "py4j.")):
            hint = "; collect it and return the rows"
        elif name.startswith("pandas."):
            hint = "; return a DataFrame or a list"
        return ResultError(f"{self._where()} is of type {name}, which has no form in JSON{hint}")


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "null" if math.isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def _decimal(value: Decimal) -> str:
    if value.is_finite():
        return str(value)
    return "null" if value.is_nan() else '"Infinity"' if value > 0 else '"-Infinity"'


def _is_ordered(value: Any) -> bool:
    return isinstance(value, (str, int, Decimal)) or (
        isinstance(value, float) and not math.isnan(value)
    )
