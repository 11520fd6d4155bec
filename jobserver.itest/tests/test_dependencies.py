"""What jobs import besides their own binary: wheels by name, compiled parts, packed environments.

All contexts are of one server, and each serves several tests.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server import Answer, Server
from test_docs import commands
from test_executors import SPARK_VERSION

ON_TWO_WORKERS = "local-cluster[2,1,1024]"

JOBS = '''
import importlib
import sys

from sparkjobserver.api import SparkJob


def tell(modules):
    told = {name: str(importlib.import_module(name).__version__) for name in modules}
    return {**told, "prefix": sys.prefix}


class Imports(SparkJob):
    """Tells the versions of modules, in the job itself and on executors."""

    def validate(self, context, runtime, config):
        return config.get_list("modules")

    def run_job(self, context, runtime, data):
        there = context._sc.parallelize(range(4), 4).map(lambda _: tell(data)).collect()
        return {"job": tell(data), "executors": there}


class Function(Imports):
    """The same by SQL."""

    def run_job(self, context, runtime, data):
        from pyspark.sql.functions import udf

        version = udf(lambda _: tell(data)[data[0]])
        return [row[0] for row in context.range(2).select(version("id")).distinct().collect()]


class Analyzed(Imports):
    """The same by a table function whose columns are found out by Python code in the driver."""

    def run_job(self, context, runtime, data):
        from pyspark.sql.functions import udtf
        from pyspark.sql.types import StringType, StructType
        from pyspark.sql.udtf import AnalyzeResult

        class Versions:
            @staticmethod
            def analyze():
                columns = StructType()
                for name in tell(data):
                    columns = columns.add(name, StringType())
                return AnalyzeResult(columns)

            def eval(self):
                yield tuple(tell(data).values())

        context.udtf.register("versions", udtf(Versions))
        return [row.asDict() for row in context.sql("select * from versions()").collect()]
'''


def module(version: str) -> str:
    return f"__version__ = {version!r}\n"


def archive(file: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return file


@pytest.fixture(scope="module")
def needy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server with jobs and libraries, and a context all of whose jobs have `base`."""
    folder = tmp_path_factory.mktemp("binaries")
    wheel, egg = "-1.0-py3-none-any.whl", "-1.0-py3.egg"
    binaries = {
        "needy" + egg: {"needy.py": JOBS, "own.py": module("needy")},
        "base" + wheel: {"base.py": module("base"), "common.py": module("base")},
        "one" + wheel: {"lib/__init__.py": module("1"), "common.py": module("one")},
        "two" + egg: {"lib/__init__.py": module("2"), "own.py": module("two")},
    }
    for name, files in binaries.items():
        server.upload(name.partition("-")[0], archive(folder / name, {**files}))
    server.context("needy", **{"dependent-py-uris": "base"})
    return server


def versions(server: Server, modules: list[str], needs: list[str], context: str = "needy") -> Any:
    """What a job tells of modules; the same in itself and on executors, but for where that is."""
    told = imports(server, modules, needs, context).json["result"]
    everywhere = [told["job"], *told["executors"]] if "job" in told else [told]
    for one in everywhere:
        one.pop("prefix", None)
    assert all(one == everywhere[0] for one in everywhere), told
    return everywhere[0]


def imports(
    server: Server,
    modules: list[str],
    needs: list[str],
    context: str = "needy",
    binary: str = "needy",
) -> Answer:
    config = {"modules": modules, "dependent-py-uris": needs}
    class_path = f"{binary}.Imports"
    answer = server.submit(
        binary, class_path, context, json.dumps(config), sync="true", timeout="110"
    )
    assert answer.status == 200, answer.text
    return answer


def refusal(answer: Answer, status: int) -> str:
    assert (answer.status, answer.json["status"]) == (status, "ERROR"), answer.text
    return str(answer.json["result"])


# Binaries by name


def test_a_job_imports_what_it_names_and_what_its_context_names(needy: Server) -> None:
    assert versions(needy, ["lib", "base", "own"], ["two"]) == {
        "lib": "2",
        "base": "base",
        "own": "needy",  # its own binary goes first
    }
    assert versions(needy, ["common"], []) == {"common": "base"}
    assert versions(needy, ["common"], ["one"]) == {"common": "one"}, "the job's before all jobs'"
    assert versions(needy, ["lib"], ["two", "one"]) == {"lib": "2"}, "the first goes first"


def test_functions_in_sql_import_it_too(needy: Server) -> None:
    config = 'modules = [lib], dependent-py-uris = "one, two"'
    answer = needy.submit("needy", "needy.Function", "needy", config, sync="true", timeout="60")
    assert answer.json["result"] == ["1"], answer.text


def test_sets_of_binaries_never_mix(needy: Server) -> None:
    for _ in range(2):
        assert versions(needy, ["lib"], ["one"]) == {"lib": "1"}
        assert versions(needy, ["lib"], ["two"]) == {"lib": "2"}
        failed = imports(needy, ["lib"], []).json["result"]
        assert "No module named 'lib'" in failed["message"], "which executors say first"


def test_the_next_job_gets_what_was_uploaded_last(needy: Server, tmp_path: Path) -> None:
    for version in ("1", "2"):
        file = archive(tmp_path / "again-1.0-py3-none-any.whl", {"again.py": module(version)})
        needy.upload("again", file)
        assert versions(needy, ["again"], ["again"]) == {"again": version}


def test_a_name_that_no_binary_has_is_404(needy: Server) -> None:
    before = needy.get("/contexts").json
    for query in ("", "&context=needy"):
        path = f"/jobs?appName=needy&classPath=needy.Imports{query}"
        for setting in ("dependent-py-uris", "spark.context-settings.dependent-py-uris"):
            if query and "context-settings" in setting:
                continue  # says nothing where the context is there already
            answer = needy.request("POST", path, f'{setting} = ["one", "none"]')
            assert refusal(answer, 404) == "appName none not found"
    answer = needy.request("POST", "/contexts/never?dependent-py-uris=one,none")
    assert refusal(answer, 404) == "appName none not found"
    assert needy.get("/contexts").json == before
    assert needy.get("/contexts/never").status == 404


@pytest.mark.parametrize("uri", ["file:///opt/lib.whl", "https://host.example/lib.whl"])
def test_nothing_is_fetched(needy: Server, uri: str) -> None:
    answer = needy.submit("needy", "needy.Imports", "needy", f'dependent-py-uris = ["{uri}"]')
    words = refusal(answer, 400)
    assert words.startswith(f"Cannot parse config: dependent-py-uris names '{uri}'")
    assert "Upload it (POST /binaries/<name>) and give its name" in words


def test_a_binary_is_in_use_while_a_job_that_names_it_runs(needy: Server, tmp_path: Path) -> None:
    used = archive(tmp_path / "used-1.0-py3-none-any.whl", {"used.py": module("1")})
    needy.upload("used", used)
    slow = 'sleep.seconds = 600, dependent-py-uris = ["used"]'
    job = needy.submit("example_jobs", "example_jobs.slow_job.SlowJob", "needy", slow).json["jobId"]

    answer = needy.request("DELETE", "/binaries/used")
    assert refusal(answer, 403) == f"Binary is in use by job(s): {job}"

    assert needy.request("DELETE", f"/jobs/{job}").status == 200
    assert needy.request("DELETE", "/binaries/used").status == 200
    answer = needy.submit("needy", "needy.Imports", "needy", "dependent-py-uris = [used]")
    assert refusal(answer, 404) == "appName used not found"


def test_what_a_context_names_may_go_and_come_again(needy: Server, tmp_path: Path) -> None:
    file = archive(tmp_path / "base-2.0-py3-none-any.whl", {"base.py": module("2")})

    assert needy.request("DELETE", "/binaries/base").status == 200
    answer = needy.submit("needy", "needy.Imports", "needy", "modules = [base]")
    assert refusal(answer, 404) == "appName base not found"
    needy.upload("base", file)

    assert versions(needy, ["base"], []) == {"base": "2"}


def test_a_job_with_a_context_of_its_own_has_both(needy: Server, tmp_path: Path) -> None:
    config = 'modules = [lib, mine], dependent-py-uris = "one"\n'
    needy.upload("mine", archive(tmp_path / "mine-1.0-py3-none-any.whl", {"mine.py": module("3")}))
    config += "spark.context-settings.dependent-py-uris = [mine]"
    path = "/jobs?appName=needy&classPath=needy.Imports&sync=true&timeout=200"
    answer = needy.request("POST", path, config)
    job = answer.json["result"]["job"]
    assert (job["lib"], job["mine"]) == ("1", "3"), answer.text


# Compiled parts

FAST = """
#include <Python.h>

static PyObject *twice(PyObject *self, PyObject *number) { return PyNumber_Add(number, number); }

static PyMethodDef methods[] = {{"twice", twice, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, methods};

PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"""
FAST_PACKAGE = "from fast._fast import twice\n\n__version__ = twice(21)\n"


def of_python(expression: str) -> str:
    """What an expression is for the Python that contexts run."""
    code = f"import sys, sysconfig; print({expression})"
    command = ["python3", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module in C, built for the Python that contexts run."""
    folder = tmp_path_factory.mktemp("extension")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc)")
    include = of_python("sysconfig.get_path('include')")
    suffix = of_python("sysconfig.get_config_var('EXT_SUFFIX')")
    if not (Path(include) / "Python.h").is_file():
        pytest.skip(f"there is no Python.h in {include}")
    (folder / "fast.c").write_text(FAST)
    built = folder / f"_fast{suffix}"
    command = [compiler, "-shared", "-fPIC", "-I", include, "fast.c", "-o", built.name]
    subprocess.run(command, cwd=folder, check=True)
    return built


@pytest.fixture(scope="module")
def compiled(needy: Server, extension: Path) -> Server:
    """The server with the module as a library, and in a binary of jobs."""
    folder = extension.parent
    code = extension.read_bytes()
    as_pip_builds_it: dict[str, str | bytes] = {
        "fast/__init__.py": FAST_PACKAGE,
        f"fast-1.0.data/platlib/fast/{extension.name}": code,
        "fast-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: fast\nVersion: 1.0\n",
    }
    needy.upload("fast", archive(folder / "fast-1.0-cp3-abi-any.whl", as_pip_builds_it))
    with_jobs: dict[str, str | bytes] = {
        "fastjobs.py": JOBS,
        "fast/__init__.py": FAST_PACKAGE,
        f"fast/{extension.name}": code,
    }
    needy.upload("fastjobs", archive(folder / "fastjobs-1.0-py3.egg", with_jobs))
    return needy


def runs_compiled_parts(server: Server, context: str) -> None:
    assert versions(server, ["fast"], ["fast"], context) == {"fast": "42"}
    told = imports(server, ["fast"], [], context, "fastjobs").json["result"]
    assert [one["fast"] for one in (told["job"], *told["executors"])] == ["42"] * 5, told


def test_compiled_parts_work_in_jobs_and_on_executors_within_the_driver(compiled: Server) -> None:
    runs_compiled_parts(compiled, "needy")


# Packed environments


def by_venv_pack(folder: Path) -> Path:
    """As the page for job authors says."""
    (block,) = [text for text in commands("docs/python-jobs.md") if "venv-pack" in text]
    pack, _, _ = block.partition("curl")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", pack],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "environment.tar.gz"


def by_conda_pack(folder: Path) -> Path:
    for program in ("conda", "conda-pack"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    environment, packed = folder / "conda", folder / "environment.tar.gz"
    create = ["conda", "create", "--yes", "--prefix", str(environment), "python=3.11", "pip"]
    subprocess.run(create, check=True)
    install = ["-m", "pip", "install", "--quiet", "venv-pack"]
    subprocess.run([str(environment / "bin" / "python"), *install], check=True)
    subprocess.run(["conda-pack", "-p", str(environment), "-o", str(packed)], check=True)
    return packed


@pytest.fixture(scope="module", params=[by_venv_pack, by_conda_pack])
def packed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a library that no other has: venv-pack itself."""
    archive: Path = request.param(tmp_path_factory.mktemp("packed"))
    return archive


@pytest.fixture(scope="module")
def cluster(needy: Server, packed: Path) -> Iterator[str]:
    """A context in the environment, with executors in processes of their own."""
    needy.context(
        "packed",
        f'spark.context-settings {{ spark.master = "{ON_TWO_WORKERS}",'
        f' python.environment = "{packed}" }}',
    )
    yield "packed"
    assert needy.request("DELETE", "/contexts/packed").status == 200


def prefixes(server: Server, modules: list[str], context: str) -> tuple[str, set[str]]:
    """Which environments a job and its executors run in."""
    answer = imports(server, modules, [], context)
    assert "job" in answer.json["result"], answer.text
    told = answer.json["result"]
    return told["job"]["prefix"], {one["prefix"] for one in told["executors"]}


def test_jobs_and_executors_run_in_a_packed_environment(needy: Server, cluster: str) -> None:
    job, executors = prefixes(needy, ["venv_pack"], cluster)

    assert job.startswith(str(needy.data / "contexts" / needy.context_id(cluster)))
    assert len(executors) == 2
    assert all(re.search(r"/app-\d+-\d+/\d+/python-environment$", one) for one in executors)
    failed = imports(needy, ["venv_pack"], []).json["result"]
    assert "No module named 'venv_pack'" in failed["message"], "another context"


def test_binaries_and_compiled_parts_work_on_executors_of_their_own(
    compiled: Server, cluster: str
) -> None:
    for name, version in (("one", "1"), ("two", "2"), ("one", "1")):
        assert versions(compiled, ["lib"], [name], cluster) == {"lib": version}
    runs_compiled_parts(compiled, cluster)


@pytest.mark.skipif(SPARK_VERSION.startswith("3."), reason="there is no such thing before Spark 4")
def test_what_the_driver_runs_in_python_itself_runs_in_the_environment_too(
    needy: Server, cluster: str
) -> None:
    """It is told where executors have theirs: within its working folder."""
    config = "modules = [venv_pack, lib], dependent-py-uris = one"
    answer = needy.submit("needy", "needy.Analyzed", cluster, config, sync="true", timeout="110")
    (told,) = answer.json["result"]
    assert told["lib"] == "1"
    assert told["prefix"].endswith("python-environment")


def test_executors_within_the_driver_run_in_it_too(needy: Server, packed: Path) -> None:
    needy.context("within", **{"python.environment": str(packed)})

    job, executors = prefixes(needy, ["venv_pack"], "within")
    assert executors == {job}

    assert needy.request("DELETE", "/contexts/within").status == 200


def test_sparks_own_settings_give_it_to_executors_alone(needy: Server, packed: Path) -> None:
    needy.context(
        "theirs",
        f'spark.context-settings.spark {{ master = "{ON_TWO_WORKERS}",'
        f' archives = "{packed}#theirs", pyspark.python = "./theirs/bin/python" }}',
    )

    job, executors = prefixes(needy, [], "theirs")
    assert all(one.endswith("/theirs") for one in executors), executors
    assert not job.endswith("/theirs")

    assert needy.request("DELETE", "/contexts/theirs").status == 200


# Interpreters that cannot work


def start_failure(server: Server, name: str, **settings: str) -> str:
    query = "&".join(f"{key}={value}" for key, value in settings.items())
    answer = server.request("POST", f"/contexts/{name}?{query}")
    assert (answer.status, answer.json["status"]) == (500, "CONTEXT INIT ERROR"), answer.text
    return str(answer.json["result"]["message"])


def test_an_interpreter_that_does_not_exist_is_named(needy: Server) -> None:
    words = start_failure(needy, "gone", **{"python.executable": "/no/such/python"})
    assert words.startswith("The Python interpreter /no/such/python (python.executable) cannot be")
    assert "Python 3.1" in words
    assert "gone" not in needy.get("/contexts").json


def test_another_pyspark_than_the_drivers_is_named(needy: Server, tmp_path: Path) -> None:
    (tmp_path / "pyspark").mkdir()
    here = tmp_path / "pyspark" / "__init__.py"
    here.write_text(
        "import sys\n"
        f"sys.path.remove({str(tmp_path)!r})\n"
        "theirs = sys.modules.pop('pyspark')\n"
        "import pyspark\n"
        f"pyspark.__version__, pyspark.__file__ = '3.1.0', {str(here)!r}\n"
    )
    words = start_failure(needy, "mixed", **{"python.paths": str(tmp_path)})
    assert f"imports PySpark 3.1.0 from {here.parent}, but the driver runs Spark " in words
    assert "python.paths" in words
