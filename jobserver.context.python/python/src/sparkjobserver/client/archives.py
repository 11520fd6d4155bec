"""The files that a client uploads."""

from __future__ import annotations

import hashlib
from pathlib import Path

MEDIA_TYPES = {".egg": "application/python-egg", ".whl": "application/python-wheel"}


class ArchiveError(ValueError):
    """A file is neither an egg nor a wheel, by its name."""


def media_type(file: Path) -> str:
    """What kind of archive a file is.

    :raises ArchiveError: where its name does not tell
    """
    try:
        return MEDIA_TYPES[file.suffix]
    except KeyError:
        raise ArchiveError(f"{file} is no egg and no wheel: its name ends otherwise") from None


def name_by_content(file: Path) -> str:
    """A name that other bytes do not get: that of the package, and the digest of the file.

    :raises ArchiveError: as `media_type`
    :raises OSError: where the file cannot be read
    """
    media_type(file)
    digest = hashlib.sha256()
    with file.open("rb") as archive:
        while piece := archive.read(1 << 20):
            digest.update(piece)
    return f"{file.stem.split('-')[0]}-{digest.hexdigest()[:12]}"
