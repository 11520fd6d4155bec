"""Plugins that tests bring along: a context factory, a route, a library, and broken ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import bundles
from server import HOME, SPARK_HOME, Server

NAME = "org.example.words"
FACTORY = "org.example.Words"

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
#: Answers HTTP, and has its DAO do what stores do; its answer is the word when that is right.
DAO_RESOURCE_SOURCE = """
package org.example.words;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInput;

@Path("%(path)s")
public final class WordResource {
  private final JobDao dao;

  public WordResource(JobDao dao) {
    this.dao = dao;
  }

  @GET
  @Produces("text/plain")
  public synchronized String word() throws IOException {
    dao.removeAll();
    Instant now = Instant.ofEpochMilli(1);
    Binary binary =
        new Binary(
            "b",
            BinaryType.EGG,
            now,
            "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879",
            1);
    dao.insertBinary(binary, Content.of(new byte[] {7}), "ada");
    dao.insertContext(
        new Context(
            "c", "c", "f", "{}", now, Optional.empty(), ContextState.RUNNING, Optional.empty(),
            Optional.empty(), Optional.empty(), "", "ada"));
    Job job =
        new Job(
            "j", "c", "c", 1, binary, "a.B", now, Optional.empty(), JobState.RUNNING,
            Optional.empty(), "ada");
    dao.insertJob(job, JobInput.of("{}"));
    byte[] result = "%(word)s".getBytes(StandardCharsets.UTF_8);
    boolean ended =
        dao.endJob(
            "j", JobState.FINISHED, now, Optional.empty(), Optional.of(Content.of(result)));
    boolean again =
        dao.endJob("j", JobState.FINISHED, now, Optional.empty(), Optional.empty());
    boolean right =
        ended
            && !again
            && dao.jobs(JobFilter.ALL, 10).size() == 1
            && dao.activeContexts().size() == 1
            && dao.latestBinary("b").isPresent();
    try (InputStream in = dao.result("j").orElseThrow().open()) {
      return right ? new String(in.readAllBytes(), StandardCharsets.UTF_8) : "wrong";
    }
  }
}
"""
#: The component of it, which is given the DAO of its own bundle.
DAO_RESOURCE_COMPONENT = """<?xml version="1.0" encoding="UTF-8"?>
<scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.4.0"
    name="org.example.words.WordResource" init="1">
  <property name="osgi.jakartars.resource" type="Boolean" value="true"/>
  <service><provide interface="org.example.words.WordResource"/></service>
  <reference name="dao" interface="spark.jobserver.api.dao.JobDao"
      target="(job.dao=jobserver.dao.example.FileDao)" parameter="0"/>
  <implementation class="org.example.words.WordResource"/>
</scr:component>
"""
IMPORTS = (
    'com.typesafe.config,spark.jobserver.python,spark.jobserver.api.context,org.apache.spark;version="[3.5,5)",'
    'org.apache.spark.api.java;version="[3.5,5)"'
)

FACTORY_COMPONENT = COMPONENT.format(
    implementation="org.example.words.WordsFactory",
    key="context.factory",
    type="String",
    value=FACTORY,
    interface="spark.jobserver.api.context.ContextFactory",
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
        return "a session" if type(context).__name__ == "SparkSession" else context.word()
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
    components = {"OSGI-INF/factory.xml": FACTORY_COMPONENT.replace(FACTORY, factory)}
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


def all_three(word: str, version: str = "1.0.0") -> bytes:
    """A bundle with a context factory, a route, and a store, which the route uses."""
    (store,) = (HOME / "examples").glob("jobserver.dao.custom-example*.jar")
    with zipfile.ZipFile(store) as jar:
        classes = {name: jar.read(name) for name in jar.namelist() if name.endswith(".class")}
        component = jar.read("OSGI-INF/jobserver.dao.example.FileDao.xml").decode()
    components = {
        "OSGI-INF/factory.xml": FACTORY_COMPONENT,
        "OSGI-INF/resource.xml": DAO_RESOURCE_COMPONENT,
        "OSGI-INF/dao.xml": component,
    }
    content = bundles.built(
        {
            "org/example/words/WordsFactory.java": FACTORY_SOURCE,
            "org/example/words/Words.java": WORDS_SOURCE % f'"{word}"',
            "org/example/words/WordResource.java": DAO_RESOURCE_SOURCE
            % {"path": "words", "word": word},
        },
        manifest(
            NAME,
            version,
            Import_Package=IMPORTS
            + ",org.osgi.framework,spark.jobserver.api,spark.jobserver.api.dao,"
            + 'jakarta.ws.rs;version="[3.1,4)"',
            Service_Component=",".join(components),
        ),
        [SPARK_HOME / "jars" / "*"],
        components,
    )
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in classes.items():
            archive.writestr(name, text)
    return whole.getvalue()


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
