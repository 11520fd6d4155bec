"""The configurations that a client posts: texts in HOCON, which the server alone understands.

Nothing is parsed here. A dictionary is JSON, which is HOCON; single settings are written behind a
text, where they win over what it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn


def text_of(config: str | Mapping[str, Any]) -> str:
    """A configuration as it is posted."""
    return config if isinstance(config, str) else json.dumps(config)


def value_of(text: str) -> Any:
    """What someone means who types a value: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def with_settings(config: str, settings: Mapping[str, Any], under: tuple[str, ...] = ()) -> str:
    """A configuration with further settings.

    :param config: HOCON; where it is one object in braces, the settings go into these
    :param settings: values by key; a dot in a key leads into a block
    :param under: the names of the block that the keys are in
    """
    lines = "".join(
        f"{_path((*under, *key.split('.')))} = {json.dumps(value)}\n"
        for key, value in settings.items()
    )
    if not lines:
        return config
    text = config.strip()
    if text.startswith("{") and text.endswith("}"):
        return f"{text[:-1]}\n{lines}}}"
    return f"{config}\n{lines}" if text else lines


def _path(names: tuple[str, ...]) -> str:
    return ".".join(json.dumps(name) for name in names)


def _refuse(constant: str) -> NoReturn:
    """NaN and infinities, which Python takes for JSON."""
    raise ValueError(constant)
