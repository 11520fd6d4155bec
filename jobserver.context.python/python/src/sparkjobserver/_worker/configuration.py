"""A job's configuration, as pyhocon has it."""

from __future__ import annotations

import json
from typing import Any

from pyhocon import ConfigTree

_SPECIAL = frozenset('$}[]:=+#`^?!@*&."')
"""Characters that make pyhocon's parser quote a key, or take it apart."""


def from_json(text: str) -> Any:
    """The `ConfigTree` of a JSON object. Costs a hundredth of what pyhocon's own parser costs.

    Keys with special characters are stored with quotes, as pyhocon's parser stores them, so that
    `config.get('"a.b"')` finds the key `a.b`. (`ConfigFactory.from_dict` would take such keys
    apart, and fails at some.)

    :raises ValueError: when the text is not a JSON object
    """
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError(f"a configuration must be a JSON object, not {type(content).__name__}")
    return _tree(content)


def from_dict(content: dict[str, Any]) -> Any:
    """The `ConfigTree` of a dictionary that could be a JSON object."""
    return _tree(content)


def _tree(value: Any) -> Any:
    if isinstance(value, dict):
        tree = ConfigTree()
        for key, item in value.items():
            stored = f'"{key}"' if not _SPECIAL.isdisjoint(key) else key
            tree[stored] = _tree(item)
        return tree
    if isinstance(value, list):
        return [_tree(item) for item in value]
    return value
