"""Unpacks eggs and wheels, once for each content.

Importing from a folder of compiled modules takes a tenth of the time that importing from a large
archive takes, and libraries with parts in C work.
"""

from __future__ import annotations

import compileall
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_WHEEL_ROOTS = ("purelib", "platlib")
"""Folders of a wheel's `.data` folder that belong at the top."""


class BinaryError(Exception):
    """A binary cannot be unpacked. The message says why."""


@dataclass(frozen=True)
class Archive:
    """The file of a binary.

    :param path: where it lies
    :param kind: `Egg` or `Wheel`
    """

    path: Path
    kind: str


def unpacked(archive: Path, kind: str, digest: str, folder: Path) -> Path:
    """The folder with a binary's content, ready to be put on `sys.path`.

    The folder is made by the first worker that asks. Several that ask at once may each unpack the
    binary; the first to finish wins.

    :param archive: the file of the egg or wheel
    :param kind: `Egg` or `Wheel`
    :param digest: the SHA-256 of the file, in hexadecimal, which becomes the name of the folder
    :param folder: the folder under which binaries are unpacked
    :raises BinaryError: when the file is not an archive, or would write outside its folder
    """

    def fill(unfinished: Path) -> None:
        _extract(archive, kind, unfinished)
        _compile(unfinished)

    return _made_once(folder / digest, fill)


def unpacked_together(archives: Sequence[Archive], digest: str, folder: Path) -> Path:
    """The folder with the content of several binaries, as pip would have installed them.

    Of files with the same name the first counts. A large library is not compiled as a whole: who
    imports a module of it first leaves it compiled in the folder.

    :param digest: what tells these binaries from others, which becomes the name of the folder
    :raises BinaryError: as `unpacked`
    """

    def fill(unfinished: Path) -> None:
        taken: set[PurePosixPath] = set()
        for archive in archives:
            taken |= _extract(archive.path, archive.kind, unfinished, taken)

    return _made_once(folder / digest, fill)


def _made_once(target: Path, fill: Callable[[Path], None]) -> Path:
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fill(unfinished)
        try:
            unfinished.rename(target)
        except OSError:
            if not target.is_dir():  # else another worker was faster
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _extract(
    archive: Path, kind: str, folder: Path, taken: AbstractSet[PurePosixPath] = frozenset()
) -> set[PurePosixPath]:
    """Extracts all files but those whose places are taken, and returns their places."""
    places: set[PurePosixPath] = set()
    try:
        with zipfile.ZipFile(archive) as content:
            for entry in content.infolist():
                path = _path_in_folder(entry.filename, kind)
                if path is None or path in taken:
                    continue
                target = folder / path
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                places.add(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                with content.open(entry) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1024 * 1024)
                if entry.external_attr >> 16 & 0o100:
                    target.chmod(0o700)
    except BinaryError:
        raise
    except Exception as error:  # zipfile raises half a dozen types for archives that are broken
        raise BinaryError(f"The binary cannot be unpacked: {error}") from error
    return places


def _path_in_folder(name: str, kind: str) -> PurePosixPath | None:
    """Where an entry goes, or None where it is not wanted.

    :raises BinaryError: when it would lie outside
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise BinaryError(f"The binary cannot be unpacked: {name!r} would lie outside its folder")
    parts = path.parts
    if "__pycache__" in parts:  # compiled by whoever built it, maybe for another Python
        return None
    if kind == "Wheel" and parts and parts[0].endswith(".data"):
        if len(parts) < 3 or parts[1] not in _WHEEL_ROOTS:
            return None
        return PurePosixPath(*parts[2:])
    return path


def _compile(folder: Path) -> None:
    """Compiles what can be compiled; the rest fails when it is imported, if it ever is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compileall.compile_dir(os.fspath(folder), maxlevels=100, quiet=2)
