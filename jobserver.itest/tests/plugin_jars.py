"""Plugins that tests bring along: a context factory, a route, a library, and broken ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import bundles
from server import SPARK_HOME, Server

NAME = "org.example.words"
FACTORY = "org.example.words.WordsFactory"

#: A context that knows one word, which its job tells.
FACTORY_SOURCE = """
package org.example.words;

import com.typesafe.config.Config;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import spark.jobserver.python.PythonContextFactory;

public final class WordsFactory extends PythonContextFactory {
  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    return new Words(new JavaSparkContext(conf));
  }
}
"""
WORDS_SOURCE = """
package org.example.words;

import org.apache.spark.api.java.JavaSparkContext;

public final class Words implements AutoCloseable {
  private final JavaSparkContext spark;

  Words(JavaSparkContext spark) {
    this.spark = spark;
  }

  public String word() {
    return %s;
  }

  @Override
  public void close() {
    spark.close();
  }
}
"""
RESOURCE_SOURCE = """
package org.example.words;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;

@Path("%(path)s")
public final class WordResource {
  @GET
  @Produces("text/plain")
  public String word() {
    return "%(word)s";
  }

  @GET
  @Path("fails")
  public String fails() {
    throw new IllegalStateException("hush");
  }
}
"""
LIBRARY_SOURCE = """
package org.example.library;

public final class Library {
  private Library() {}

  public static String version() {
    return "%s";
  }
}
"""
ACTIVATOR_SOURCE = """
package org.example.bad;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

public final class Activator implements BundleActivator {
  @Override
  public void start(BundleContext context) throws Exception {
    %s
  }

  @Override
  public void stop(BundleContext context) {}
}
"""
COMPONENT = """<?xml version="1.0" encoding="UTF-8"?>
<scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="{implementation}">
  <property name="{key}" type="{type}" value="{value}"/>
  <service><provide interface="{interface}"/></service>
  <implementation class="{implementation}"/>
</scr:component>
"""
IMPORTS = (
    'com.typesafe.config,spark.jobserver.python,spark.jobserver.api.context,org.apache.spark;version="[3.5,5)",'
    'org.apache.spark.api.java;version="[3.5,5)"'
)

#: What tells the word of its context.
JOB = """
from sparkjobserver.api import SparkJob


class Tells(SparkJob):
    def build_context(self, gateway, jvmContext, sparkConf):
        return jvmContext

    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, data):
        return context.word()
"""


def manifest(name: str, version: str = "1.0.0", **headers: str) -> str:
    """The text of a bundle's manifest; an underscore in a header's name is a hyphen."""
    lines = [
        "Manifest-Version: 1.0",
        "Bundle-ManifestVersion: 2",
        f"Bundle-SymbolicName: {name}",
        f"Bundle-Version: {version}",
        *(f"{header.replace('_', '-')}: {text}" for header, text in headers.items()),
    ]
    return "".join(wrapped(line) for line in lines) + "\n"


def wrapped(line: str) -> str:
    """As the JAR specification has it: 72 bytes at the most."""
    pieces = [line[:70], *(line[i : i + 69] for i in range(70, len(line), 69))]
    return "\n ".join(pieces) + "\n"


def words(
    word: str,
    version: str = "1.0.0",
    name: str = NAME,
    factory: str = FACTORY,
    path: str | None = None,
    imports: str = "",
    libraries: tuple[Path, ...] = (),
    expression: str | None = None,
) -> bytes:
    """A bundle with a context factory whose contexts know a word.

    :param path: where it answers HTTP with the word, if it does
    :param expression: Java for the word, where it is not just the word
    """
    sources = {
        "org/example/words/WordsFactory.java": FACTORY_SOURCE,
        "org/example/words/Words.java": WORDS_SOURCE % (expression or f'"{word}"'),
    }
    components = {
        "OSGI-INF/factory.xml": COMPONENT.format(
            implementation="org.example.words.WordsFactory",
            key="context.factory",
            type="String",
            value=factory,
            interface="spark.jobserver.api.context.ContextFactory",
        )
    }
    needed = IMPORTS + imports
    if path is not None:
        sources["org/example/words/WordResource.java"] = RESOURCE_SOURCE % {
            "path": path,
            "word": word,
        }
        components["OSGI-INF/resource.xml"] = COMPONENT.format(
            implementation="org.example.words.WordResource",
            key="osgi.jakartars.resource",
            type="Boolean",
            value="true",
            interface="org.example.words.WordResource",
        )
        needed += ',jakarta.ws.rs;version="[3.1,4)"'
    return bundles.built(
        sources,
        manifest(name, version, Import_Package=needed, Service_Component=",".join(components)),
        [SPARK_HOME / "jars" / "*", *libraries],
        components,
    )


def library(version: str) -> bytes:
    """A bundle that exports a library which knows its version."""
    return bundles.built(
        {"org/example/library/Library.java": LIBRARY_SOURCE % version},
        manifest(
            f"org.example.library{version[0]}",
            version,
            Export_Package=f'org.example.library;version="{version}"',
        ),
    )


def activated(body: str, name: str, imports: str = "", **headers: str) -> bytes:
    """A bundle whose activator does something when it starts."""
    return bundles.built(
        {"org/example/bad/Activator.java": ACTIVATOR_SOURCE % body},
        manifest(
            name,
            Bundle_Activator="org.example.bad.Activator",
            Import_Package="org.osgi.framework" + imports,
            **headers,
        ),
    )


def jar(entries: dict[str, str]) -> bytes:
    """A jar of texts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in entries.items():
            archive.writestr(path, text)
    return content.getvalue()


def put(server: Server, file: str, content: bytes) -> None:
    """Puts a file into the folder for plugins in one step."""
    part = server.home / "plugins" / f".{file}.part"
    part.write_bytes(content)
    part.rename(server.home / "plugins" / file)


def upload_job(server: Server, folder: Path) -> None:
    """Uploads the job that tells the word of its context, as the binary `words`."""
    egg = folder / "words.egg"
    egg.write_bytes(jar({"tells.py": JOB}))
    server.upload("words", egg)


def word_of(server: Server, context: str) -> str:
    """What the job tells in a context."""
    answer = server.submit("words", "tells.Tells", context, "", sync="true", timeout="60")
    assert answer.status == 200, answer.text
    return str(answer.json["result"])
