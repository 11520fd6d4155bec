"""Bundles that tests bring along, compiled against the distribution."""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from server import HOME


def built(
    sources: Mapping[str, str],
    manifest: str,
    libraries: Iterable[Path] = (),
    resources: Mapping[str, str] | None = None,
) -> bytes:
    """A bundle of these Java sources, as the bytes of its jar.

    :param sources: texts by the names of their files
    :param libraries: jars to compile against, besides those of the distribution
    :param resources: what else the jar holds
    """
    jars = [*(HOME / "bundles").glob("*.jar"), *(HOME / "bundles" / "server").glob("*.jar")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / "sources" / file for file in sources]
        for file, text in zip(files, sources.values(), strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        subprocess.run(
            [
                "javac",
                *("--release", "17", "-Xlint:all,-classfile,-path,-processing", "-Werror"),
                *("-proc:none", "-d", str(folder / "classes")),
                *("-cp", ":".join(map(str, [*jars, *libraries]))),
                *map(str, files),
            ],
            check=True,
        )
        jar = folder / "bundle.jar"
        with zipfile.ZipFile(jar, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", manifest.replace("\n", "\r\n"))
            for file in (folder / "classes").rglob("*.class"):
                archive.write(file, file.relative_to(folder / "classes"))
            for path, text in (resources or {}).items():
                archive.writestr(path, text)
        return jar.read_bytes()


def texts(folder: Path, pattern: str) -> dict[str, str]:
    """Files of a folder, by their names in it."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob(pattern)}
