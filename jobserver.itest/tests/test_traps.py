"""Traps of drivers that no smaller test can show: see docs/traps.md."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bundles
import pytest
from server import SPARK_HOME, Server, until

JOBS = '''
from sparkjobserver.api import SparkJob


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Tables(Base):
    """Makes a table in Hive, and tells of all that there are."""

    def run_job(self, context, runtime, data):
        context.sql(f"create table {data['name']} using parquet as select 1 as one")
        return [row.tableName for row in context.sql("show tables").collect()]


class Multiplies(Base):
    """Lets a bundle multiply on executors, and calls one of its classes by name."""

    def build_context(self, gateway, jvmContext, sparkConf):
        return gateway, jvmContext

    def run_job(self, context, runtime, data):
        gateway, closures = context
        return [list(closures.multiplied(3)), gateway.jvm.Factor.get()]
'''

CLOSURES = Path(__file__).parent.parent / "closures"
FACTORY = "jobserver.closures.ClosuresFactory"
MANIFEST = """Manifest-Version: 1.0
Bundle-ManifestVersion: 2
Bundle-SymbolicName: jobserver.closures
Bundle-Version: {version}.0.0
Service-Component: OSGI-INF/closures.xml
Import-Package: com.typesafe.config,spark.jobserver.python,
 spark.jobserver.api.context,org.apache.spark;version="[3.5,5)",
 org.apache.spark.api.java;version="[3.5,5)",
 org.apache.spark.api.java.function;version="[3.5,5)"
"""


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    egg = tmp_path_factory.mktemp("traps") / "traps.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("traps.py", JOBS)
    server.upload("traps", egg)
    return server


def run(server: Server, job: str, context: str, config: str = "") -> Any:
    answer = server.submit("traps", f"traps.{job}", context, config)
    assert answer.status == 202, answer.text
    report = server.ended(answer.json["jobId"], 240)  # Hive makes its metastore first
    assert report["status"] == "FINISHED", report
    return report["result"]


def test_contexts_with_hive_have_a_metastore_each(jobs: Server) -> None:
    settings = "spark.context-settings { spark.session.hive.enabled = true }"
    for name in ("one", "two"):
        jobs.context(name, settings)

    assert run(jobs, "Tables", "one", "name = first") == ["first"]
    assert run(jobs, "Tables", "two", "name = second") == ["second"]

    for name in ("one", "two"):
        assert jobs.request("DELETE", f"/contexts/{name}").status == 200


def closures(version: int) -> bytes:
    """The bundle whose functions multiply by its version."""
    sources = bundles.texts(CLOSURES, "*.java")
    factor = "jobserver/closures/Factor.java"
    sources[factor] = re.sub(r"return \d+;", f"return {version};", sources[factor])
    return bundles.built(
        sources,
        MANIFEST.format(version=version),
        [SPARK_HOME / "jars" / "*"],
        bundles.texts(CLOSURES, "*.xml"),
    )


def with_a_jar_of_its_own(bundle: bytes) -> bytes:
    """The same bundle with a class in a jar that is in it and on its class path."""
    factor = "jobserver/closures/Factor.class"
    inner, outer = io.BytesIO(), io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(bundle)) as before,
        zipfile.ZipFile(inner, "w") as jar,
        zipfile.ZipFile(outer, "w") as after,
    ):
        for name in before.namelist():
            content = before.read(name)
            if name == "META-INF/MANIFEST.MF":
                content += b"Bundle-ClassPath: .,lib/factor.jar\r\n"
            (jar if name == factor else after).writestr(name, content)
        jar.close()
        after.writestr("lib/factor.jar", inner.getvalue())
    return outer.getvalue()


def install(
    server: Server, version: int, packed: Callable[[bytes], bytes] = lambda bundle: bundle
) -> None:
    plugin = server.home / "plugins" / "jobserver.closures.jar"
    part = plugin.with_suffix(".part")
    part.write_bytes(packed(closures(version)))
    part.rename(plugin)

    def there() -> bool:
        listed = server.get("/context-factories").json
        return any((f["name"], f["version"]) == (FACTORY, f"{version}.0.0") for f in listed)

    until(there, 30, f"version {version} of the factory is there")


def context(server: Server, name: str, master: str) -> None:
    body = f'spark.context-settings {{ spark.master = "{master}" }}'
    answer = server.request("POST", f"/contexts/{name}?context-factory={FACTORY}", body)
    assert answer.status == 200, answer.text


def test_functions_of_a_bundle_run_on_executors_and_stay_those_of_their_context(
    jobs: Server,
) -> None:
    install(jobs, 2)
    context(jobs, "old", "local-cluster[1,1,1024]")
    install(jobs, 3)
    context(jobs, "new", "local[1]")

    # Most of the classes of the older one are needed only now.
    assert run(jobs, "Multiplies", "old") == [[2, 4, 6], 2]
    assert run(jobs, "Multiplies", "new") == [[3, 6, 9], 3]

    for name in ("old", "new"):
        assert jobs.request("DELETE", f"/contexts/{name}").status == 200


def test_a_jar_within_a_bundle_is_on_executors_too(jobs: Server) -> None:
    install(jobs, 4, with_a_jar_of_its_own)
    context(jobs, "packed", "local-cluster[1,1,1024]")

    assert run(jobs, "Multiplies", "packed") == [[4, 8, 12], 4]

    assert jobs.request("DELETE", "/contexts/packed").status == 200
