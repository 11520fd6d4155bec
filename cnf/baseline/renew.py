"""Renews the jars of the last released API: run it when a release is made, after `mvn package`.

Each jar has the classes of the packages that extension authors use, and the versions of these packages. Until
the next release ApiBaselineIT of jobserver.testkit compares with them what is built.

usage: renew.py
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "jobserver.api": [
        "spark.jobserver.api",
        "spark.jobserver.api.auth",
        "spark.jobserver.api.context",
        "spark.jobserver.api.dao",
    ],
    "jobserver.context.python": ["spark.jobserver.python"],
    "jobserver.testkit": ["spark.jobserver.testkit"],
}


def headers(jar: zipfile.ZipFile) -> dict[str, str]:
    """The main headers of a manifest."""
    manifest = jar.read("META-INF/MANIFEST.MF").decode().replace("\r\n", "\n").replace("\n ", "")
    return dict(re.findall(r"^([\w-]+): (.*)$", manifest, re.MULTILINE))


def exported(header: str, package: str) -> str:
    """What a manifest's Export-Package says of one package, without whom it uses."""
    found = re.search(rf'(?:^|,)({re.escape(package)};[^,"]*(?:"[^"]*"[^,"]*)*)', header)
    if found is None:
        sys.exit(f"renew.py: {package} is not exported")
    return re.sub(r';uses:="[^"]*"', "", found[1])


def renew(name: str, packages: list[str]) -> None:
    """Writes the jar of a module anew."""
    built = [f for f in (ROOT / name / "target").glob(f"{name}-[0-9]*.jar") if "tests" not in f.name]
    if len(built) != 1:
        sys.exit(f"renew.py: {name}/target has no jar, or several: run mvn package")
    with (
        zipfile.ZipFile(built[0]) as jar,
        zipfile.ZipFile(ROOT / "cnf" / "baseline" / f"{name}.jar", "w") as baseline,
    ):
        told = headers(jar)
        lines = {
            "Manifest-Version": "1.0",
            "Bundle-ManifestVersion": "2",
            "Bundle-SymbolicName": name,
            "Bundle-Version": told["Bundle-Version"],
            "Export-Package": ",".join(exported(told["Export-Package"], one) for one in packages),
        }
        # A line of a manifest has 72 bytes at the most.
        text = "".join(
            re.sub(r"(.{70})(?=.)", "\\1\r\n ", f"{key}: {value}") + "\r\n"
            for key, value in lines.items()
        )
        files = {"META-INF/MANIFEST.MF": text.encode()}
        for entry in sorted(jar.namelist()):
            package, _, file = entry.rpartition("/")
            if file.endswith(".class") and package.replace("/", ".") in packages:
                files[entry] = jar.read(entry)
        for entry, content in files.items():
            info = zipfile.ZipInfo(entry)  # of 1980, so that the same classes are the same bytes
            info.compress_type = zipfile.ZIP_DEFLATED
            baseline.writestr(info, content)
    print(f"cnf/baseline/{name}.jar: {len(files) - 1} classes")


if __name__ == "__main__":
    for module, wanted in PACKAGES.items():
        renew(module, wanted)
