"""Bundles that must not harm the server: others keep answering, and what is wrong is told."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import bundles
import plugin_jars
import pytest
from plugin_jars import activated, manifest, put, words
from server import SPARK_HOME, Server, until

SERVLET = """
package org.example.bad;

import jakarta.servlet.http.HttpServlet;
import java.util.Hashtable;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

public final class Activator implements BundleActivator {
  public static final class Open extends HttpServlet {
    private static final long serialVersionUID = 1;
  }

  @Override
  public void start(BundleContext context) {
    Hashtable<String, Object> properties = new Hashtable<>();
    properties.put("osgi.http.whiteboard.servlet.pattern", "/open");
    context.registerService(jakarta.servlet.Servlet.class, new Open(), properties);
  }

  @Override
  public void stop(BundleContext context) {}
}
"""


def servlet() -> bytes:
    return bundles.built(
        {"org/example/bad/Activator.java": SERVLET},
        manifest(
            "org.example.servlet",
            Bundle_Activator="org.example.bad.Activator",
            Import_Package="org.osgi.framework,jakarta.servlet,jakarta.servlet.http",
        ),
    )


def zip_slip() -> bytes:
    return plugin_jars.jar(
        {"META-INF/MANIFEST.MF": manifest("org.example.slip"), "../../slipped.txt": "out"}
    )


BUSY = "java.util.concurrent.TimeUnit.SECONDS.sleep(60);"
LEAK = (
    "Thread thread = new Thread(() -> {"
    ' try { Thread.sleep(600_000); } catch (InterruptedException e) { } }, "leaked");'
    " thread.setDaemon(true); thread.start();"
)
BROKEN = """
package org.example.bad;

public final class Broken {
  public Broken() {
    throw new IllegalStateException("not made");
  }
}
"""

#: Each with what it is called in the list, and words of what is told of it.
BAD: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "no-manifest": (
        lambda: plugin_jars.jar({"a.txt": "a"}),
        "no-manifest.jar",
        "The jar has no manifest",
    ),
    "unresolved": (
        lambda: activated("", "org.example.unresolved", ",no.such.pkg"),
        "org.example.unresolved",
        "It imports the package no.such.pkg: nobody here has it, neither the server nor Spark",
    ),
    "wrong-version": (
        lambda: activated("", "org.example.wrong", ',org.apache.spark;version="[9,10)"'),
        "org.example.wrong",
        "It imports the package org.apache.spark [9.0.0,10.0.0): here is",
    ),
    "scala": (
        lambda: activated("", "org.example.scala", ",scala.collection.immutable"),
        "org.example.scala",
        "It imports scala.collection.immutable, which differs between the versions of Scala",
    ),
    "throws": (
        lambda: activated('throw new IllegalStateException("no luck");', "org.example.throws"),
        "org.example.throws",
        "IllegalStateException: no luck, at org.example.bad.Activator.start",
    ),
    "exits": (
        lambda: activated("System.exit(7);", "org.example.exits"),
        "org.example.exits",
        "It ends the JVM that checks it (exit code 7)",
    ),
    "blocks": (
        lambda: activated(BUSY, "org.example.blocks"),
        "org.example.blocks",
        "It does not start within 5 s, at org.example.bad.Activator.start",
    ),
    "leaks": (
        lambda: activated(LEAK, "org.example.leaks"),
        "org.example.leaks",
        'It leaves a thread behind when it stops: "leaked", at org.example.bad.Activator.',
    ),
    "half": (
        lambda: (whole := words("one"))[: len(whole) // 2],
        "half.jar",
        "The file is no jar, or only a part of one",
    ),
    "empty": (lambda: b"", "empty.jar", "The file is empty."),
    "zip-slip": (
        zip_slip,
        "org.example.slip",
        "The jar has an entry whose name leads out of it: ../../slipped.txt",
    ),
    "servlet": (
        servlet,
        "org.example.servlet",
        "It registers what answers HTTP by itself (jakarta.servlet.Servlet)",
    ),
    "shadow": (
        lambda: words("one", name="org.example.shadow", factory="a.Shadow", path="jobs/mine"),
        "org.example.shadow",
        'Its resource at "jobs/mine" claims /jobs, which the server answers itself.',
    ),
    "everything": (
        lambda: words("one", name="org.example.all", factory="an.All", path="{any}"),
        "org.example.all",
        'Its resource at "{any}" would answer for every path.',
    ),
    "own-factory": (
        lambda: words(
            "one",
            name="org.example.own",
            factory="spark.jobserver.python.PythonSessionContextFactory",
        ),
        "org.example.own",
        "PythonSessionContextFactory, which is the server's own.",
    ),
    "own-name": (
        lambda: activated("", "jobserver.core"),
        "jobserver.core",
        "It is called jobserver.core, as a bundle of the server's own is.",
    ),
    "fragment": (
        lambda: plugin_jars.jar(
            {"META-INF/MANIFEST.MF": manifest("org.example.part", Fragment_Host="jobserver.core")}
        ),
        "org.example.part",
        "It is a fragment",
    ),
    "broken-component": (
        lambda: bundles.built(
            {"org/example/bad/Broken.java": BROKEN},
            manifest("org.example.component", Service_Component="OSGI-INF/broken.xml"),
            resources={
                "OSGI-INF/broken.xml": plugin_jars.COMPONENT.format(
                    implementation="org.example.bad.Broken",
                    key="a",
                    type="String",
                    value="b",
                    interface="org.example.bad.Broken",
                )
            },
        ),
        "org.example.component",
        "IllegalStateException: not made, at org.example.bad.Broken",
    ),
}


def told(server: Server, name: str) -> str:
    answer = server.get(f"/plugins/{name}")
    if answer.status != 200 or answer.json["state"] != "FAILED":
        return ""
    return "\n".join(answer.json["problems"])


def test_bad_plugins_are_told_and_harm_nobody(server: Server, tmp_path: Path) -> None:
    jars = {kind: make() for kind, (make, _, _) in BAD.items()}
    put(server, "good.jar", words("one"))
    plugin_jars.upload_job(server, tmp_path)
    until(lambda: "ACTIVE" in server.get(f"/plugins/{plugin_jars.NAME}").text, 20, "it runs")
    answer = server.request("POST", f"/contexts/good?context-factory={plugin_jars.FACTORY}")
    assert answer.status == 200, answer.text

    over = threading.Event()
    wrong: list[str] = []

    def others() -> None:
        while not over.is_set():
            for path in ("/healthz", "/jobs?limit=5", "/contexts", "/plugins"):
                if (answer := server.get(path)).status != 200:
                    wrong.append(f"{path}: {answer}")
            if plugin_jars.word_of(server, "good") != "one":
                wrong.append("the job")

    at_work = threading.Thread(target=others)
    at_work.start()
    try:
        for kind, content in jars.items():
            put(server, f"{kind}.jar", content)
        put(server, "zz-second.jar", words("two", "2.0.0"))
        for kind, (_, name, words_of_it) in BAD.items():
            until(lambda name=name: told(server, name), 120, f"{kind} is told")
            assert words_of_it in told(server, name), kind
        assert told(server, "zz-second.jar") == (
            f"good.jar brings {plugin_jars.NAME} already. Remove one of the two files."
        )
    finally:
        over.set()
        at_work.join(60)
    assert wrong == []
    assert not at_work.is_alive()
    assert not (server.home.parent / "slipped.txt").exists()
    assert server.get("/open").status == 404
    assert server.get("/jobs/mine").status == 404
    assert server.get(f"/plugins/{plugin_jars.NAME}").json["state"] == "ACTIVE"

    for file in (server.home / "plugins").glob("*.jar"):
        file.unlink()
    until(lambda: server.get("/plugins").json == [], 20, "all are gone")
    assert plugin_jars.word_of(server, "good") == "one"


@pytest.mark.parametrize("kind", ["throws", "shadow", "half", "good"])
def test_a_bundle_is_checked_by_a_command(server: Server, tmp_path: Path, kind: str) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(words("one") if kind == "good" else BAD[kind][0]())

    done = subprocess.run(
        [server.home / "bin" / "jobserver", "plugin", "check", jar],
        env={**server.env, "SPARK_HOME": str(SPARK_HOME)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    if kind == "good":
        assert done.returncode == 0, done.stderr
        assert "brings ContextFactory org.example.words.WordsFactory" in done.stdout
        assert "no problem was found" in done.stdout
    else:
        assert done.returncode == 1, done.stderr
        assert "  problem: " in done.stdout
        assert BAD[kind][2] in done.stdout
