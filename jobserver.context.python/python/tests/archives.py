"""Makes eggs and wheels for tests."""

import hashlib
import zipfile
from pathlib import Path
from textwrap import dedent


def archive(path: Path, files: dict[str, str | bytes]) -> str:
    """Writes an archive of these files and returns its digest."""
    with zipfile.ZipFile(path, "w") as content:
        for name, text in files.items():
            content.writestr(name, text if isinstance(text, bytes) else dedent(text))
    return hashlib.sha256(path.read_bytes()).hexdigest()
