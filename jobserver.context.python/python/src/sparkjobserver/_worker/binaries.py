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
from pathlib import Path, PurePosixPath

_WHEEL_ROOTS = ("purelib", "platlib")
"""Folders of a wheel's `.data` folder that belong at the top."""


class BinaryError(Exception):
    """A binary cannot be unpacked. The message says why."""


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
    target = folder / digest
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{digest}.", dir=folder))
    try:
        _extract(archive, kind, unfinished)
        _compile(unfinished)
        try:
            unfinished.rename(target)
        except OSError:
            if not target.is_dir():  # else another worker was faster
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _extract(archive: Path, kind: str, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as content:
            for entry in content.infolist():
                path = _path_in_folder(entry.filename, kind)
                if path is None:
                    continue
                target = folder / path
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with content.open(entry) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1024 * 1024)
                if entry.external_attr >> 16 & 0o100:
                    target.chmod(0o700)
    except BinaryError:
        raise
    except Exception as error:  # zipfile raises half a dozen types for archives that are broken
        raise BinaryError(f"The binary cannot be unpacked: {error}") from error


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
