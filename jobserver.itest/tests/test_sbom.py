"""The list of what the distribution is made of names whatever is in it of others."""

from __future__ import annotations

import copy
import functools
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from server import HOME

Bom = dict[str, Any]

#: Names of folders that say that what is in them is of others.
FOREIGN = re.compile(r"(^|/)(shaded|repackaged|relocated|shadow|guava|gson|jsr166|schubfach)(/|$)")

#: Where the packages of a group begin that begin elsewhere than its name.
KIN: dict[str, tuple[str, ...]] = {
    "commons-fileupload": ("org/apache/",),
    "commons-io": ("org/apache/",),
    "io.github.classgraph": ("io/github/", "nonapi/io/github/"),
    "org.glassfish.hk2": ("org/glassfish/", "org/jvnet/"),
    "org.glassfish.hk2.external": ("org/aopalliance/",),
    # With what WADL's schema becomes in Java.
    "org.glassfish.jersey.core": ("org/glassfish/", "com/sun/research/ws/wadl/"),
    "org.javassist": ("javassist/",),
    "org.ow2.asm": ("org/objectweb/",),
}


@dataclass(frozen=True)
class Archive:
    """A jar or a wheel, wherever it is."""

    place: str
    digest: str
    derby: str
    poms: frozenset[tuple[str, str, str]]
    folders: frozenset[str]

    @property
    def ours(self) -> bool:
        return PurePosixPath(self.place).name.startswith("jobserver.")


def archives() -> Iterator[Archive]:
    for file in sorted(HOME.rglob("*")):
        if file.suffix in (".jar", ".whl", ".egg", ".zip", ".war"):
            yield from opened(file.relative_to(HOME).as_posix(), file.read_bytes())


def opened(place: str, content: bytes) -> Iterator[Archive]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        poms = [
            dict(re.findall("^(\\w+)=(.*?)\r?$", archive.read(name).decode(), re.M))
            for name in names
            if name.endswith("/pom.properties")
        ]
        derby = [
            archive.read(n).decode() for n in names if re.search("derby/info/.*properties$", n)
        ]
        yield Archive(
            place,
            hashlib.sha256(content).hexdigest(),
            derby_version(derby[0]) if derby else "",
            frozenset((p["groupId"], p["artifactId"], p["version"]) for p in poms),
            frozenset(
                re.sub(r"^META-INF/versions/\d+/", "", name).rpartition("/")[0]
                for name in names
                if name.endswith(".class") and not name.endswith("module-info.class")
            ),
        )
        for name in names:
            if name.endswith((".jar", ".whl", ".egg", ".zip")):
                yield from opened(f"{place}!/{name}", archive.read(name))


def complaints(bom: Bom, found: list[Archive]) -> list[str]:
    """What is in the distribution, and not in the list or not as it is there."""
    components = bom["components"]
    wrong = [
        f"{one['purl']} has no licence"
        for one in components
        if not [
            ll for ll in one["licenses"] if ll["license"].get("id") or ll["license"].get("name")
        ]
    ]
    places = {
        occurrence["location"]: one
        for one in components
        for occurrence in one["evidence"]["occurrences"]
    }
    maven = {(c.get("group"), c["name"], c.get("version")) for c in components}
    for archive in found:
        listed = places.get(archive.place)
        kin = ("spark/jobserver/", "jobserver/context/", "jobserver/dao/")
        if not archive.ours:
            if listed is None or listed["hashes"][0]["content"] != archive.digest:
                wrong.append(f"{archive.place} is not listed")
                continue
            if not says_version(archive, listed["version"]):
                wrong.append(f"{archive.place} is not of version {listed['version']}")
            group = listed.get("group", "")
            kin = KIN.get(group, ("/".join(group.split(".")[:2]) + "/",))
        for group, name, version in archive.poms:
            if group != "jobserver" and (group, name, version) not in maven:
                wrong.append(f"{archive.place}: {name} {version} is not listed")
        for folder in archive.folders:
            own = f"{folder}/".startswith(kin) and not FOREIGN.search(folder)
            above = (p.as_posix() for p in (PurePosixPath(folder), *PurePosixPath(folder).parents))
            if not own and not any(f"{archive.place}!/{one}" in places for one in above):
                wrong.append(f"{archive.place}: nothing is listed that has {folder}")
        if "org/eclipse/jetty/server" in archive.folders:
            wrong += [
                f"{one['name']} is not of version {jetty_version(archive)}"
                for place, one in places.items()
                if place.startswith(f"{archive.place}!/org/eclipse/jetty/")
                and one["version"] != jetty_version(archive)
            ]
    return wrong


def says_version(archive: Archive, version: str) -> bool:
    """Whether the file says that it is of this version: by its pom, its name or as Derby does."""
    return (
        any(pom[2] == version for pom in archive.poms)
        or f"-{version}" in PurePosixPath(archive.place).name
        or archive.derby == version
    )


def derby_version(told: str) -> str:
    major, minor, rest = (
        int(re.findall(rf"^derby.version.{part}=(\d+)", told, re.M)[0])
        for part in ("major", "minor", "maint")
    )
    return f"{major}.{minor}.{rest // 1_000_000}.{rest % 1_000_000}"


@functools.cache
def jetty_version(archive: Archive) -> str:
    with zipfile.ZipFile(HOME / archive.place) as jar:
        told = jar.read("org/eclipse/jetty/version/build.properties").decode()
    (version,) = re.findall(r"^version=(\S+)$", told, re.M)
    return str(version)


@pytest.fixture(scope="module")
def bom() -> Bom:
    document: Bom = json.loads((HOME / "sbom.json").read_text())
    return document


@pytest.fixture(scope="module")
def found() -> list[Archive]:
    return list(archives())


def test_it_is_cyclonedx_that_a_tool_can_refer_to(bom: Bom) -> None:
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    purls = [one["purl"] for one in bom["components"]]
    assert purls == sorted(set(purls))
    assert [one["bom-ref"] for one in bom["components"]] == purls
    for one in bom["components"]:
        coordinates = "/".join(part for part in (one.get("group"), one["name"]) if part)
        version = f"@{one['version']}" if "version" in one else ""
        assert re.fullmatch(f"pkg:[a-z]+/{re.escape(coordinates + version)}", one["purl"])
        assert one["type"] == "library"


def test_whatever_is_in_the_distribution_is_listed(bom: Bom, found: list[Archive]) -> None:
    assert complaints(bom, found) == []
    nested = [one for one in found if "!/" in one.place]
    print(f"{len(bom['components'])} components; {len(found)} archives, {len(nested)} in others")
    assert len(nested) > 15


def test_whatever_is_listed_is_in_the_distribution(bom: Bom, found: list[Archive]) -> None:
    there = {one.place for one in found}
    there |= {
        f"{one.place}!/{above.as_posix()}"
        for one in found
        for folder in one.folders
        for above in (PurePosixPath(folder), *PurePosixPath(folder).parents)
    }
    listed = {o["location"] for c in bom["components"] for o in c["evidence"]["occurrences"]}
    assert listed - there == set()


def test_the_command_of_the_documentation_prints_it(bom: Bom) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    (command,) = (c for c in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) if "sbom" in c)
    printed = subprocess.run(
        ["bash", "-euc", command], cwd=HOME, capture_output=True, text=True, check=True
    ).stdout
    assert len(printed.splitlines()) == len(bom["components"])
    assert "pkg:maven/org.apache.derby/derby@10.16.1.1 Apache-2.0\n" in printed


@pytest.mark.parametrize(
    "name",
    [
        "config",  # a bundle, of a server and of a driver
        "derby",  # nested in a bundle
        "pyhocon",  # a wheel in a bundle
        "spark-launcher_2.13",  # classes copied into a bundle
        "org.apache.felix.framework",  # into what is no bundle
        "jetty-server",  # in somebody else's bundle
        "gson",  # under another name
        "tomcat-servlet-api",
    ],
)
def test_what_is_taken_off_the_list_is_missed(bom: Bom, found: list[Archive], name: str) -> None:
    less = copy.deepcopy(bom)
    (taken,) = (one for one in less["components"] if one["name"] == name)
    less["components"].remove(taken)
    assert complaints(less, found), name
    unlicensed = copy.deepcopy(bom)
    next(one for one in unlicensed["components"] if one["name"] == name)["licenses"] = []
    assert complaints(unlicensed, found) == [f"{taken['purl']} has no licence"]


@pytest.mark.parametrize("name", ["config", "derby", "pyhocon", "httpclient5", "jetty-io", "gson"])
def test_another_version_is_noticed(bom: Bom, found: list[Archive], name: str) -> None:
    other = copy.deepcopy(bom)
    next(one for one in other["components"] if one["name"] == name)["version"] = "99.9"
    assert complaints(other, found), name


# What makes it


POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <licenses><license><name>{}</name></license></licenses>
</project>"""


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    """A bundle of a library, of a version of tomorrow, which a module depends on."""
    folder = tmp_path / "repository" / "com" / "nimbusds" / "nimbus-jose-jwt" / "99"
    folder.mkdir(parents=True)
    (folder / "nimbus-jose-jwt-99.pom").write_text(POM.format("Apache License 2.0"))
    file = folder / "nimbus-jose-jwt-99.jar"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("com/nimbusds/jose/Algorithm.class", b"")
    listed = tmp_path / "modules" / "jobserver.auth" / "target"
    listed.mkdir(parents=True)
    (listed / "classpath.txt").write_text(f"{file}:/somewhere/jobserver.api.jar\n")
    return file


def refused(folder: Path, file: Path) -> str:
    """Why no list can be made of a distribution with this file."""
    script = Path(__file__).parents[2] / "jobserver.app" / "src" / "main" / "sbom" / "sbom.py"
    where = [folder / "sbom.json", "1.0", folder / "repository", folder / "modules"]
    done = subprocess.run(
        [sys.executable, script, *where, f"bundles={file}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, (folder / "sbom.json").exists()) == (1, False), done
    return done.stderr


def test_a_jar_that_is_no_dependency_stops_the_build(tmp_path: Path, jar: Path) -> None:
    other = jar.with_name("other.jar")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("Other.class", b"")
    assert "bundles/other.jar is no dependency of any module" in refused(tmp_path, other)


def test_a_jar_with_others_in_it_is_looked_at_again_when_it_is_new(
    tmp_path: Path, jar: Path
) -> None:
    told = refused(tmp_path, jar)
    assert "bundles/nimbus-jose-jwt-99.jar is version 99" in told
    assert "repackaged.json" in told


def test_a_library_without_a_licence_stops_the_build(tmp_path: Path, jar: Path) -> None:
    nameless = jar.parents[2] / "other" / "1"
    nameless.mkdir(parents=True)
    (nameless / "other-1.pom").write_text(POM.format(""))
    shutil.copy(jar, nameless / "other-1.jar")
    listed = tmp_path / "modules" / "jobserver.auth" / "target" / "classpath.txt"
    listed.write_text(str(nameless / "other-1.jar"))
    told = refused(tmp_path, nameless / "other-1.jar")
    assert "no pom tells a licence of pkg:maven/com.nimbusds/other@1" in told
