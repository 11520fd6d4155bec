"""The bundle that stands in for Spark in tests of the REST API: see ../stub."""

from __future__ import annotations

import functools
import subprocess
import tempfile
import zipfile
from pathlib import Path

from server import HOME, Server

SOURCES = Path(__file__).parent.parent / "stub"

MANIFEST = """Manifest-Version: 1.0
Bundle-ManifestVersion: 2
Bundle-SymbolicName: jobserver.stub
Bundle-Version: 1.0.0
Bundle-Activator: jobserver.stub.StubActivator
Import-Package: org.osgi.framework,spark.jobserver.api,
 spark.jobserver.api.driver,spark.jobserver.link,
 spark.jobserver.link.driver,com.typesafe.config
"""


@functools.cache
def built() -> bytes:
    """Compiles the stub against the distribution, and packs it; once."""
    with tempfile.TemporaryDirectory() as folder:
        return build(Path(folder)).read_bytes()


def build(folder: Path) -> Path:
    classes = folder / "classes"
    jars = [*(HOME / "bundles").glob("*.jar"), *(HOME / "bundles" / "server").glob("*.jar")]
    subprocess.run(
        [
            "javac",
            *("--release", "17", "-Xlint:all,-classfile,-path,-processing", "-Werror"),
            *("-d", str(classes), "-cp", ":".join(map(str, jars))),
            *map(str, SOURCES.rglob("*.java")),
        ],
        check=True,
    )
    jar = folder / "jobserver.stub.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", MANIFEST.replace("\n", "\r\n"))
        for file in classes.rglob("*.class"):
            archive.write(file, file.relative_to(classes))
    return jar


def install(server: Server) -> None:
    """Has a server, which is not started, start drivers without processes and without Spark."""
    target = server.home / "plugins" / "jobserver.stub.jar"
    target.write_bytes(built())
