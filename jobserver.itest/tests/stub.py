"""The bundle that stands in for Spark in tests of the REST API: see ../stub."""

from __future__ import annotations

import functools
from pathlib import Path

import bundles
from server import Server

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
    return bundles.built(bundles.texts(SOURCES, "*.java"), MANIFEST)


def install(server: Server) -> None:
    """Has a server, which is not started, start drivers without processes and without Spark."""
    target = server.home / "plugins" / "jobserver.stub.jar"
    target.write_bytes(built())
