"""Writes a Maven repository with what the build of a plugin needs of this project.

Each artifact has a pom of its own, without parent: its coordinates, its licence, and what it needs to
compile and to run, with the versions that the modules were built with. A snapshot is numbered by its
content, so that a build elsewhere takes a new one though the version is the same; the files depend on
nothing but the modules.

usage: repository.py OUTPUT MODULES OUTPUT_TIMESTAMP MODULE...
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

# Of files of our own.
from xml.etree import ElementTree  # nosec B405
from xml.sax.saxutils import escape  # nosec B406

POM = "{http://maven.apache.org/POM/4.0.0}"
GROUP = "jobserver"
SCOPES = ("compile", "runtime")
#: In a driver these are Spark's.
SPARKS = ("com.fasterxml.jackson.core", "org.slf4j")

PROJECT = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{group}</groupId>
  <artifactId>{name}</artifactId>
  <version>{version}</version>
  <description>{description}</description>
  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0</url>
    </license>
  </licenses>
  <dependencies>{dependencies}
  </dependencies>
</project>
"""

DEPENDENCY = """
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{name}</artifactId>
      <version>{version}</version>
      <scope>{scope}</scope>
    </dependency>"""

METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>{group}</groupId>
  <artifactId>{name}</artifactId>
  <version>{version}</version>
  <versioning>
    <snapshot>
      <timestamp>{day}.{time}</timestamp>
      <buildNumber>{number}</buildNumber>
    </snapshot>
    <lastUpdated>{day}{time}</lastUpdated>
    <snapshotVersions>{files}
    </snapshotVersions>
  </versioning>
</metadata>
"""

SNAPSHOT = """
      <snapshotVersion>
        <extension>{extension}</extension>
        <value>{value}</value>
        <updated>{day}{time}</updated>
      </snapshotVersion>"""


class Module:
    """A module of the build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pom = ElementTree.parse(folder / "pom.xml").getroot()  # nosec B314
        self.name = self._text(self.pom, "artifactId")
        parent = self.pom.find(POM + "parent")
        assert parent is not None
        self.version = self._text(parent, "version")
        # What Maven has written down: …/<group as folders>/<name>/<version>/<file>
        self._class_path = [
            Path(path)
            for path in (folder / "target" / "classpath.txt").read_text().strip().split(os.pathsep)
        ]

    @staticmethod
    def _text(element: ElementTree.Element, name: str) -> str:
        return " ".join(element.findtext(POM + name, "").split())

    @property
    def jar(self) -> Path:
        return self.folder / "target" / f"{self.name}-{self.version}.jar"

    def written(self) -> str:
        """The pom for others."""
        return PROJECT.format(
            group=GROUP,
            name=self.name,
            version=self.version,
            description=escape(self._text(self.pom, "description")),
            dependencies="".join(self._dependencies()),
        )

    def _dependencies(self) -> list[str]:
        found = []
        for one in self.pom.findall(f"{POM}dependencies/{POM}dependency"):
            scope = self._text(one, "scope") or "compile"
            group, name = self._text(one, "groupId"), self._text(one, "artifactId")
            optional = self._text(one, "optional") == "true"
            if scope in SCOPES and not optional and group not in SPARKS:
                version = self.version if group == GROUP else self._version(group, name)
                found.append(
                    DEPENDENCY.format(group=group, name=name, version=version, scope=scope)
                )
        return found

    def _version(self, group: str, name: str) -> str:
        place = (*group.split("."), name)
        for path in self._class_path:
            if path.parts[-len(place) - 2 : -2] == place:
                return path.parts[-2]
        sys.exit(f"repository.py: {self.name} is built without {group}:{name}, which its pom names")


def write(file: Path, content: bytes) -> None:
    """Writes a file and, as Maven expects it, its checksum beside it."""
    file.write_bytes(content)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    file.with_name(file.name + ".sha1").write_text(sha1)


def add(module: Module, repository: Path, day: str, time: str) -> None:
    """Adds a module's jar, its pom and, of a snapshot, what tells its number."""
    folder = repository / GROUP / module.name / module.version
    folder.mkdir(parents=True)
    jar, pom = module.jar.read_bytes(), module.written().encode()
    value = module.version
    if value.endswith("-SNAPSHOT"):
        number = int(hashlib.sha256(jar + pom).hexdigest()[:7], 16)
        value = f"{value.removesuffix('-SNAPSHOT')}-{day}.{time}-{number}"
        files = "".join(
            SNAPSHOT.format(extension=extension, value=value, day=day, time=time)
            for extension in ("jar", "pom")
        )
        metadata = METADATA.format(
            group=GROUP,
            name=module.name,
            version=module.version,
            number=number,
            files=files,
            day=day,
            time=time,
        )
        write(folder / "maven-metadata.xml", metadata.encode())
    write(folder / f"{module.name}-{value}.jar", jar)
    write(folder / f"{module.name}-{value}.pom", pom)


def main(output: str, modules: str, timestamp: str, *names: str) -> None:
    repository = Path(output)
    shutil.rmtree(repository, ignore_errors=True)
    digits = re.sub(r"\D", "", timestamp)
    for name in names:
        add(Module(Path(modules) / name), repository, digits[:8], digits[8:14])


if __name__ == "__main__":
    main(*sys.argv[1:])
