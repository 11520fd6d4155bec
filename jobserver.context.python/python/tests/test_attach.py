import os
from types import SimpleNamespace

import pytest

from sparkjobserver._worker import attach


class JavaConf:
    """The JVM's configuration, which may be written but not read."""

    def __init__(self):
        self.written = {}

    def set(self, key, value):
        self.written[key] = value


@pytest.fixture
def java_conf():
    return JavaConf()


def test_the_configuration_is_read_without_asking_the_jvm(java_conf):
    conf = attach._ConfReadAtOnce(java_conf, {"spark.a": "1", "spark.b": ""})
    assert conf.get("spark.a") == "1"
    assert conf.get("spark.b", "default") == ""
    assert conf.get("spark.none") is None
    assert conf.get("spark.none", "default") == "default"
    assert conf.contains("spark.a")
    assert not conf.contains("spark.none")
    assert dict(conf.getAll()) == {"spark.a": "1", "spark.b": ""}


def test_what_pyspark_adds_to_the_configuration_goes_to_the_jvm(java_conf):
    conf = attach._ConfReadAtOnce(java_conf, {"spark.a": "1"})
    conf.setIfMissing("spark.a", "2")
    conf.setIfMissing("spark.rdd.compress", True)
    assert java_conf.written == {"spark.rdd.compress": "True"}
    assert conf.get("spark.rdd.compress") == "True"


@pytest.mark.parametrize("fails", [False, True])
def test_the_secret_of_py4j_is_gone_once_it_was_used(monkeypatch, fails):
    def launch_gateway():
        seen.update(os.environ)
        if fails:
            raise ConnectionRefusedError
        return "gateway"

    seen = {}
    monkeypatch.setattr(attach, "launch_gateway", launch_gateway)
    if fails:
        with pytest.raises(ConnectionRefusedError):
            attach._launch_gateway(1, "secret")
    else:
        assert attach._launch_gateway(1, "secret") == "gateway"
    assert seen["PYSPARK_GATEWAY_PORT"] == "1"
    assert seen["PYSPARK_GATEWAY_SECRET"] == "secret"
    assert seen["PYSPARK_PIN_THREAD"] == "true"
    assert not [key for key in os.environ if "GATEWAY" in key]


def test_binaries_are_told_to_a_context_once(monkeypatch):
    context = SimpleNamespace(environment={}, _python_includes=["a.zip"])
    monkeypatch.setattr(attach.SparkContext, "_active_spark_context", context)
    attachment = attach.Attachment(None, None, None)
    for _ in range(2):
        attachment.use_binaries("digest", ("a.zip", "b.zip"))
    assert context._python_includes == ["a.zip", "b.zip"]
    assert context.environment == {"JOBSERVER_BINARIES": "digest"}


@pytest.fixture
def context_class(monkeypatch):
    class Context:
        def __init__(self, environment=None):
            self.environment = environment or {}

    monkeypatch.setattr(attach, "SparkContext", Context)
    return Context


def test_functions_of_a_context_name_the_way_to_the_daemon(context_class):
    attach._show_the_way_to_the_daemon("/folder:.")
    assert context_class().environment == {
        "PYTHONPATH": "/folder:.",
        "JOBSERVER_DAEMON_PATH": "/folder:.",
    }
    own = context_class(environment={"PYTHONPATH": "/own"}).environment
    assert own["PYTHONPATH"] == "/own:/folder:."


def test_functions_name_none_where_executors_run_another_daemon(context_class):
    attach._show_the_way_to_the_daemon("")
    assert context_class().environment == {}
