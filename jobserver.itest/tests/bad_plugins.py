"""Bundles that must not harm the server, and what is told of each."""

from __future__ import annotations

from collections.abc import Callable

import bundles
import plugin_jars
from plugin_jars import activated, manifest, words

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
