"""Writes the list of what the distribution is made of, as CycloneDX.

It is made from the archives that are there: the bundles, what is nested in them, and what has been
copied into them class by class. Maven has written down which files the modules depend on; the same
bytes have the same name. Licences are those of their poms. What others have put into their own jars
is not to be seen in any such list: repackaged.json tells it, for one version of each of these jars.

usage: sbom.py OUTPUT PROJECT_VERSION LOCAL_REPOSITORY MODULES PLACE=FOLDER_OR_JAR...
"""

from __future__ import annotations

import email
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Of files that Maven has read, too.
from xml.etree import ElementTree  # nosec B405

#: How poms call the licences that SPDX has a name for.
SPDX = {
    r"apache": "Apache-2.0",
    r"eclipse distribution|\bedl\b|bsd[- ]3|asm\.ow2": "BSD-3-Clause",
    r"bsd[- ]2": "BSD-2-Clause",
    r"classpath": "GPL-2.0-with-classpath-exception",
    r"lesser.*2\.1|lgpl[- ]2\.1": "LGPL-2.1-only",
    r"eclipse public.*1\.0|epl[- ]1\.0": "EPL-1.0",
    r"eclipse public.*2\.0|epl[- ]2\.0": "EPL-2.0",
    r"mozilla.*1\.1|mpl[- ]1\.1": "MPL-1.1",
    r"\bmit\b": "MIT",
    r"public ?domain|cc0": "CC0-1.0",
}
POM = "{http://maven.apache.org/POM/4.0.0}"
OUR_CLASSES = ("spark/jobserver/", "jobserver/")
OUR_GROUP = "jobserver"


class Unknown(Exception):
    """Something in the distribution whose name, version or licence nothing tells."""


@dataclass
class Component:
    """A library: an entry of the list."""

    purl: str
    licences: list[str]
    digest: str | None = None
    places: set[str] = field(default_factory=set)

    def entry(self) -> dict[str, Any]:
        path, _, version = self.purl.removeprefix("pkg:").partition("@")
        _, *group, name = path.split("/")
        known = set(SPDX.values())
        return {
            "type": "library",
            "bom-ref": self.purl,
            **({"group": "/".join(group)} if group else {}),
            "name": name,
            **({"version": version} if version else {}),
            **({"hashes": [{"alg": "SHA-256", "content": self.digest}]} if self.digest else {}),
            "licenses": [
                {"license": {"id" if one in known else "name": one}} for one in self.licences
            ],
            "purl": self.purl,
            "evidence": {"occurrences": [{"location": place} for place in sorted(self.places)]},
        }


class Repository:
    """The files that Maven has found the modules' dependencies in."""

    def __init__(self, root: Path, modules: Path) -> None:
        self._root = root
        paths = {
            Path(path)
            for listed in sorted(modules.glob("*/target/classpath.txt"))
            for path in listed.read_text().strip().split(os.pathsep)
        }
        self._jars = sorted(
            path for path in paths if path.suffix == ".jar" and root in path.parents
        )
        self._by_digest = {digest(path.read_bytes()): path for path in self._jars}
        self._by_class: dict[tuple[str, int], Path] = {}

    def jar_of(self, content: bytes) -> Path | None:
        """The dependency that is this file."""
        return self._by_digest.get(digest(content))

    def jar_with(self, entry: zipfile.ZipInfo) -> Path | None:
        """The dependency that this class is of."""
        if not self._by_class:
            for path in self._jars:
                with zipfile.ZipFile(path) as jar:
                    for one in jar.infolist():
                        if one.filename.endswith(".class"):
                            self._by_class.setdefault((one.filename, one.CRC), path)
        return self._by_class.get((entry.filename, entry.CRC))

    def coordinates(self, jar: Path) -> tuple[str, str, str]:
        """Group, name and version of a dependency."""
        *group, name, version, _ = jar.relative_to(self._root).parts
        return ".".join(group), name, version

    def licences(self, group: str, name: str, version: str) -> list[str]:
        """What its pom says, or the next of its parents that says something."""
        pom = self._root.joinpath(*group.split("."), name, version, f"{name}-{version}.pom")
        project = ElementTree.parse(pom).getroot()  # nosec B314
        told = [
            licence_of(one.findtext(POM + "name", ""), one.findtext(POM + "url", ""))
            for one in project.iter(POM + "license")
        ]
        parent = project.find(POM + "parent")
        if told or parent is None:
            return list(dict.fromkeys(told))
        parts = ("groupId", "artifactId", "version")
        return self.licences(*(parent.findtext(POM + part, "").strip() for part in parts))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def licence_of(name: str, url: str = "") -> str:
    """What SPDX calls a licence; what its library calls it where SPDX has no such."""
    words = " ".join(f"{name} {url}".split())
    for pattern, spdx in SPDX.items():
        if re.search(pattern, words, re.IGNORECASE):
            return spdx
    return " ".join(name.split()) or url


def archives(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """An archive, and all that are in it at any depth, by where they are."""
    yield place, content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith((".jar", ".whl")):
                yield from archives(f"{place}!/{name}", archive.read(name))


class Inventory:
    """Finds the components of one archive after the other."""

    def __init__(self, repository: Repository, repackaged: dict[str, list[dict[str, Any]]]) -> None:
        self._repository = repository
        self._repackaged = repackaged
        self._components: dict[str, Component] = {}

    def add(self, place: str, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if place.endswith(".whl"):
                (metadata,) = (e for e in entries if e.filename.endswith(".dist-info/METADATA"))
                self._add_wheel(place, content, archive.read(metadata).decode())
            elif jar := self._repository.jar_of(content):
                self._add_jar(jar, place, digest(content))
                self._add_repackaged(jar, place, entries)
            elif re.match(r"jobserver\.[a-z.-]+(-\d|\.jar)", place.rpartition("/")[2]):
                self._add_classes(place, entries)
            else:
                raise Unknown(f"{place} is no dependency of any module")

    def entries(self) -> list[dict[str, Any]]:
        """All that was found, in the order of their names."""
        nameless = [one.purl for one in self._components.values() if not all(one.licences or [""])]
        if nameless:
            raise Unknown(f"no pom tells a licence of {', '.join(sorted(nameless))}")
        return [self._components[purl].entry() for purl in sorted(self._components)]

    def _note(self, purl: str, licences: list[str], place: str, sha: str | None = None) -> None:
        component = self._components.setdefault(purl, Component(purl, licences))
        component.digest = component.digest or sha
        component.places.add(place)

    def _add_jar(self, jar: Path, place: str, sha: str | None = None) -> None:
        group, name, version = self._repository.coordinates(jar)
        licences = self._repository.licences(group, name, version)
        self._note(f"pkg:maven/{group}/{name}@{version}", licences, place, sha)

    def _add_repackaged(self, jar: Path, place: str, entries: list[zipfile.ZipInfo]) -> list[str]:
        """What the jar has of others; answers in which folders."""
        group, name, version = self._repository.coordinates(jar)
        for listed in self._repackaged:
            if listed.startswith(f"{group}:{name}:") and listed != f"{group}:{name}:{version}":
                raise Unknown(
                    f"{place} is version {version}, but what it has of others is known of {listed}:"
                    " see its poms and notices, and write it into repackaged.json"
                )
        others = self._repackaged.get(f"{group}:{name}:{version}", [])
        for other in others:
            for package in other["packages"]:
                if not any(entry.filename.startswith(package + "/") for entry in entries):
                    raise Unknown(f"{place} has no {package}, though repackaged.json says so")
                self._note(other["purl"], other["licences"], f"{place}!/{package}")
        return [package for other in others for package in other["packages"]]

    def _add_classes(self, place: str, entries: list[zipfile.ZipInfo]) -> None:
        """The dependencies that a bundle of ours has classes of."""
        found: dict[Path, set[str]] = {}
        for entry in entries:
            name = entry.filename
            if name.endswith(".class") and not name.startswith(OUR_CLASSES):
                jar = self._repository.jar_with(entry)
                if jar is None:
                    raise Unknown(f"{place} has {name}, which is of no dependency of any module")
                found.setdefault(jar, set()).add(name.rpartition("/")[0])
        for jar, folders in found.items():
            others = self._add_repackaged(jar, place, entries)
            own = [f for f in folders if not any(f"{f}/".startswith(f"{o}/") for o in others)]
            self._add_jar(jar, f"{place}!/{os.path.commonpath(own)}")

    def _add_wheel(self, place: str, content: bytes, metadata: str) -> None:
        told = email.message_from_string(metadata)
        licence = told["License-Expression"] or told["License"]
        classifiers = [c for c in told.get_all("Classifier", []) if c.startswith("License ::")]
        licences = [licence_of(words) for words in ([licence] if licence else classifiers)]
        self._note(
            f"pkg:pypi/{told['Name'].lower()}@{told['Version']}", licences, place, digest(content)
        )


def main(output: str, version: str, repository: str, modules: str, *places: str) -> None:
    repackaged = json.loads((Path(__file__).parent / "repackaged.json").read_text())
    inventory = Inventory(Repository(Path(repository), Path(modules)), repackaged)
    for one in places:
        place, _, source = one.partition("=")
        path = Path(source)
        for file in sorted(path.rglob("*.jar")) if path.is_dir() else [path]:
            name = file.relative_to(path) if path.is_dir() else file.name
            for where, content in archives(f"{place}/{name}", file.read_bytes()):
                inventory.add(where, content)
    ours = {
        "type": "application",
        "bom-ref": f"pkg:maven/{OUR_GROUP}/jobserver@{version}",
        "name": "jobserver",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours},
        "components": inventory.entries(),
    }
    Path(output).write_text(json.dumps(bom, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Unknown as unknown:
        sys.exit(f"sbom.py: {unknown}")
