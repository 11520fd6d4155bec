"""pyhocon without its parser, which few jobs use and every process would carry.

Configurations come as JSON, of which `_worker.configuration` makes pyhocon's trees. The parser,
and pyparsing, urllib and ssl, which it takes along, are 7 MB.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import types
from typing import Any

_PACKAGE = "pyhocon"
_TREES = "pyhocon.config_tree"
_PARSER = "pyparsing"


def load_trees_alone() -> None:
    """Loads the module of the trees. The package loads the rest by itself when that is used.

    Where pyhocon is loaded already, or is another one than this knows, all of it is loaded.

    :raises ImportError: when there is no pyhocon
    """
    if _PACKAGE in sys.modules or _PARSER in sys.modules:
        importlib.import_module(_PACKAGE)
        return
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.loader is None:
        raise ImportError(f"there is no {_PACKAGE}", name=_PACKAGE)
    package = _Package(_PACKAGE)
    package.__spec__ = spec
    package.__loader__ = spec.loader
    package.__file__ = spec.origin
    package.__path__ = spec.submodule_search_locations or []
    package.__package__ = _PACKAGE
    sys.modules[_PACKAGE] = package
    sys.modules[_PARSER] = _positions()
    try:
        importlib.import_module(_TREES)
    except ImportError:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
    finally:
        del sys.modules[_PARSER]
    importlib.import_module(_PACKAGE)


class _Package(types.ModuleType):
    """The package, which is executed when somebody asks for what its trees do not have."""

    _lock = threading.RLock()
    _begun = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(sys.modules.get(_TREES), name, None)
        if isinstance(found, type) and found.__module__.startswith(_PACKAGE):
            return found
        if name.startswith("__") and name != "__all__":  # that "import *" asks for
            raise AttributeError(name)
        with self._lock:
            if not self._begun:
                self._begun = True
                self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]
        if name in vars(self):
            return vars(self)[name]
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}", name=name, obj=self)


def _positions() -> types.ModuleType:
    """What the module of the trees imports of pyparsing: for words in an error."""
    module = types.ModuleType(_PARSER)
    for name in ("col", "lineno"):
        setattr(module, name, _later(name))
    return module


def _later(name: str) -> Any:
    def position(location: int, text: str) -> Any:
        return getattr(importlib.import_module(_PARSER), name)(location, text)

    return position
