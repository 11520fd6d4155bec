"""For whom contexts act: `spark.proxy.user`, who may name whom, and what may be set beside it."""

from __future__ import annotations

import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from server import Answer, Server, processes, running, until

CONF = """
spark.jobserver.auth.ways = ["token"]
spark.jobserver.impersonation.allowed-settings += "spark.my.own"
spark.contexts.nightly.spark.proxy.user = etl
"""
JOBS = """
import getpass

from sparkjobserver.api import SparkJob


class Who(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, config):
        spark = context.sparkContext
        hadoop = spark._jvm.org.apache.hadoop.security.UserGroupInformation
        task = "reflect('org.apache.hadoop.security.UserGroupInformation', 'getCurrentUser')"
        return {
            "spark": spark.sparkUser(),
            "hadoop": hadoop.getCurrentUser().getUserName(),
            "task": context.range(1).selectExpr(task).first()[0].split(" ")[0],
            "real": hadoop.getCurrentUser().getRealUser().getUserName() == getpass.getuser(),
        }
"""


class Callers:
    """A server, and those who call it: each by a token of the same name."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens = {"admin": (server.data / "auth" / "local-token").read_text().strip()}
        for name, role in {
            "ada": "user",
            "eve": "user",
            "root": "user",
            "granted": "contexts:*,jobs:*,impersonation:any",
        }.items():
            done = server.command("token", "make", name, "--role", role, "--data", str(server.data))
            assert done.returncode == 0, done
            self.tokens[name] = done.stdout.strip()

    def ask(
        self, who: str, request: str, body: bytes | str = "", kind: str = "text/plain"
    ) -> Answer:
        method, path = request.split(" ")
        data = body.encode() if isinstance(body, str) else body
        asked = urllib.request.Request(self.server.url + path, data=data, method=method)
        asked.add_header("Authorization", f"Bearer {self.tokens[who]}")
        asked.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(asked, timeout=330) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode(), dict(refused.headers))

    def refused(self, who: str, request: str, status: int, *words: str, body: str = "") -> None:
        answer = self.ask(who, request, body)
        assert (answer.status, answer.json["status"]) == (status, "ERROR"), answer
        for word in words:
            assert word in answer.json["result"], answer

    def who(self, caller: str, context: str) -> Any:
        """For whom a job of this caller acts in a context."""
        job = "appName=who&classPath=who.Who&sync=true&timeout=120"
        answer = self.ask(caller, f"POST /jobs?{job}&context={context}")
        assert answer.status == 200, answer
        return answer.json["result"]


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    folder = tmp_path_factory.mktemp("impersonation")
    with zipfile.ZipFile(folder / "who.egg", "w") as egg:
        egg.writestr("who.py", JOBS)
    with running(folder, CONF) as server:
        all_of_them = Callers(server)
        answer = all_of_them.ask(
            "admin",
            "POST /binaries/who",
            (folder / "who.egg").read_bytes(),
            "application/python-archive",
        )
        assert answer.status == 201, answer
        yield all_of_them


BY_QUERY = "POST /contexts/c?spark.proxy.user="
OWN_CONTEXT = "POST /jobs?appName=who&classPath=who.Who"


def test_who_lacks_the_permission_names_nobody_else(callers: Callers) -> None:
    lacks = ("to act for bob needs the permission impersonation:any", "(it is eve)")
    for spelled in (
        "spark.context-settings.spark.proxy.user = bob",
        "spark { context-settings { spark { proxy { user = bob } } } }",
        "spark.context-settings { spark.proxy.user = ada, spark.proxy.user = bob }",
    ):
        callers.refused("eve", "POST /contexts/c", 403, *lacks, body=spelled)
        callers.refused("eve", f"{BY_QUERY}eve", 403, *lacks, body=spelled)
        callers.refused("eve", OWN_CONTEXT, 403, *lacks, body=spelled)
    callers.refused("eve", f"{BY_QUERY}bob", 403, *lacks)
    callers.refused("eve", f"{OWN_CONTEXT}&spark.proxy.user=bob", 403, *lacks)
    assert callers.ask("admin", "GET /contexts/c").status == 404


def test_superiors_are_named_by_nobody(callers: Callers) -> None:
    words = "root is not in spark.jobserver.impersonation.users"
    for who in ("root", "granted", "admin"):
        callers.refused(who, f"{BY_QUERY}root", 403, words)
        callers.refused(who, f"{OWN_CONTEXT}&spark.proxy.user=root", 403, words)


@pytest.mark.parametrize("user", ["", "%20", "a%20b", "--conf", "root@REALM", "ada%00"])
def test_what_cannot_be_a_user_is_told(callers: Callers, user: str) -> None:
    callers.refused("admin", BY_QUERY + user, 400, "must be the name of a user")


@pytest.mark.parametrize(
    "setting",
    [
        "passthrough.spark.proxy.user=bob",
        "passthrough.%22spark.proxy.user%22=bob",
        "spark.%22proxy.user%22=bob",
        "%22spark.proxy.user%22=bob",
        "hadoop.spark.proxy.user=bob",
        "Spark.Proxy.User=bob",
        "spark.proxyUser=bob",
    ],
)
def test_another_spelling_is_refused_and_not_ignored(callers: Callers, setting: str) -> None:
    for request in (f"POST /contexts/c?{setting}", f"{BY_QUERY}eve&{setting}"):
        callers.refused("eve", request, 400, "names no user: it is spelled spark.proxy.user")


@pytest.mark.parametrize(
    "setting",
    [
        "spark.jars=/tmp/x.jar",
        "spark.driver.extraJavaOptions=-javaagent:/tmp/x.jar",
        "passthrough.spark.archives=/etc/hosts",
        "archives=/etc/hosts",
        "hadoop.fs.defaultFS=hdfs://other",
        "python.executable=/tmp/python",
        "python.environment=/tmp/x.tar.gz",
        "spark.master=local",
    ],
)
def test_what_bears_files_goes_not_together_with_a_user(callers: Callers, setting: str) -> None:
    name = setting.split("=")[0]
    callers.refused(
        "granted",
        f"{BY_QUERY}bob&{setting}",
        400,
        f"spark.jobserver.impersonation.allowed-settings lists, so not {name}",
    )


def test_a_caller_acts_for_itself_and_others_do_not_through_it(callers: Callers) -> None:
    settings = "spark.sql.shuffle.partitions=3&spark.my.own=x"
    answer = callers.ask("ada", f"POST /contexts/hers?spark.proxy.user=ada&{settings}")
    assert answer.status == 200, answer
    report = callers.ask("eve", "GET /contexts/hers").json
    assert report["proxyUser"] == "ada"
    drivers = [c for c in processes(report["id"].encode()).values() if "DriverMain" in c]
    assert len(drivers) == 1
    assert " --proxy-user ada " in drivers[0]

    as_ada = {"spark": "ada", "hadoop": "ada", "task": "ada", "real": True}
    assert callers.who("ada", "hers") == as_ada
    callers.refused(
        "eve",
        f"{OWN_CONTEXT}&context=hers",
        403,
        "jobs in the context hers act for ada: that needs the permission impersonation:any",
    )
    assert callers.who("granted", "hers") == as_ada


def test_all_may_use_whom_the_configuration_names(callers: Callers) -> None:
    until(
        lambda: "nightly" in callers.ask("eve", "GET /contexts").json,
        300,
        "the context of the configuration runs",
    )
    assert callers.ask("eve", "GET /contexts/nightly").json["proxyUser"] == "etl"
    as_etl = {"spark": "etl", "hadoop": "etl", "task": "etl", "real": True}
    assert callers.who("eve", "nightly") == as_etl
