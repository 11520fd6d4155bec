"""pyhocon without its parser, which few jobs use and every process would carry.

Configurations come as JSON, of which `_worker.configuration` makes pyhocon's trees. The parser,
and pyparsing, urllib and ssl, which it takes along, add 6 MB to what a process has in memory.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from typing import Any

_PACKAGE = "pyhocon"
_TREES = "pyhocon.config_tree"
_MODULES = (_TREES, "pyhocon.config_parser", "pyhocon.converter")
"""The modules that the package has its names from, and none before one that it needs."""
_PARSER = "pyparsing"


def load_trees_alone() -> None:
    """Loads the module of the trees. The package loads the rest by itself when that is used.

    Where pyhocon is loaded already, or is another one than this knows, all of it is loaded.

    :raises ImportError: when there is no pyhocon
    """
    if _PACKAGE not in sys.modules and _PARSER not in sys.modules:
        _try_trees_alone()
    importlib.import_module(_PACKAGE)  # nothing, but where it was not to be had so


def _try_trees_alone() -> None:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ImportError(f"there is no {_PACKAGE}", name=_PACKAGE)
    package = importlib.util.module_from_spec(spec)
    package.__dict__["__getattr__"] = _later
    sys.modules[_PACKAGE] = package
    sys.modules[_PARSER] = _positions()
    try:
        importlib.import_module(_TREES)
    except Exception:  # whatever it is, that pyhocon wants to be loaded as a whole
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
    finally:
        del sys.modules[_PARSER]


def _later(name: str) -> Any:
    """What the package would have, had it been executed; its `__getattr__` (PEP 562).

    It takes no lock but those of the import system, which knows when threads wait for each other.
    """
    if name != "__all__":  # that "import *" asks for, to take all there is where that is missing
        if name.startswith("__"):
            raise AttributeError(name)
        for module in _MODULES:
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and found.__module__.partition(".")[0] == _PACKAGE:
                return found
    package = sys.modules[_PACKAGE]
    if package.__spec__ is not None and package.__spec__.loader is not None:
        package.__spec__.loader.exec_module(package)
    if name in vars(package):
        return vars(package)[name]
    raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")


def _positions() -> types.ModuleType:
    """What the module of the trees imports of pyparsing: for words in an error."""
    module = types.ModuleType(_PARSER)
    for name in ("col", "lineno"):
        setattr(module, name, _position(name))
    return module


def _position(name: str) -> Any:
    def position(location: int, text: str) -> Any:
        return getattr(importlib.import_module(_PARSER), name)(location, text)

    return position
