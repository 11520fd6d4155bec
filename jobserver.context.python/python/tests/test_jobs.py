import sys
from pathlib import Path

import pytest

from archives import archive
from sparkjobserver._worker import binaries, jobs
from sparkjobserver._worker.jobs import Dependencies, Failed, Finished, Invalid, Job, NotFound
from sparkjobserver.api import NamedObjects
from sparkjobserver.testing import MemoryStore


class StubHost:
    """A host without Spark: the context is a text, or what the job builds."""

    def __init__(self):
        self.binaries = None

    def context_for(self, instance):
        build = getattr(instance, "build_context", None)
        return "context" if build is None else build(None, None, None) or "context"

    def use_binaries(self, digest, includes):
        self.binaries = digest, includes

    def named_objects(self, locks):
        return NamedObjects(MemoryStore())


@pytest.fixture(autouse=True)
def _modules_of_jobs_are_forgotten():
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def run(tmp_path):
    def run(
        source,
        class_path="package.module.Job",
        config="{}",
        host=None,
        validated=None,
        *,
        longest_result=1000,
        dependencies=None,
    ):
        files = source if isinstance(source, dict) else {"package/module.py": source}
        files = {"package/__init__.py": "", **files}
        digest = archive(tmp_path / "binary", files)
        job = Job(
            job_id="job-1",
            class_path=class_path,
            archive=tmp_path / "binary",
            kind="Egg",
            digest=digest,
            unpacked=tmp_path / "unpacked",
            includes=("helper.zip", f"{digest}.egg"),
            config=config,
            context_config='{"context":{"name":"c"}}',
            log=tmp_path / "log",
            longest_result=longest_result,
            memory=None,
            tag="tag",
            may_stay=False,
            dependencies=dependencies,
        )
        return jobs.run(job, host or StubHost(), validated or (lambda: None))

    return run


def job(validate="return None", run_job="return data"):
    """The source of a module with a job, whose methods have these lines."""

    def body(lines):
        return lines.replace("\n", "\n        ")

    return (
        "from sparkjobserver.api import *\n"
        "class Job(SparkJob):\n"
        "    def validate(self, context, runtime, config):\n"
        f"        {body(validate)}\n"
        "    def run_job(self, context, runtime, data):\n"
        f"        {body(run_job)}\n"
    )


@pytest.mark.parametrize(
    "data", ["None", "0", "''", "{}", "[]", "False", "['text']", "(ValidationProblem('x'),)[1:]"]
)
def test_whatever_validate_returns_is_the_jobs_data_unless_it_is_problems(run, data):
    outcome = run(job(f"self.data = {data}; return self.data", "return data is self.data"))
    assert outcome == Finished(b"true")


def test_problems_found_by_validate_make_the_input_invalid(run):
    told = []
    outcome = run(
        job("return build_problems(['one', 'two'])", "raise Exception"),
        validated=lambda: told.append(1),
    )
    assert outcome == Invalid(("one", "two"))
    assert told == []


def test_the_outcome_of_validate_is_told_before_the_job_runs(run):
    told = []
    outcome = run(job(run_job="raise ValueError('after')"), validated=lambda: told.append(1))
    assert isinstance(outcome, Failed)
    assert told == [1]


def test_both_methods_get_the_environment(run):
    look = (
        "runtime.jobId, runtime.contextConfig.get('context.name'), runtime.namedObjects.get_names()"
    )
    outcome = run(job(f"return {look}", f"return data == ({look}) and data"))
    assert outcome == Finished(b'["job-1","c",[]]')


def test_the_configuration_is_a_config_tree(run):
    outcome = run(
        job("return type(config).__name__, config.get('a.b'), config.get_int('n', 7)"),
        config='{"a":{"b":null}}',
    )
    assert outcome == Finished(b'["ConfigTree",null,7]')


def test_problems_found_by_run_job_make_the_job_fail(run):
    outcome = run(job(run_job="return build_problems(['one', 'two'])"))
    assert outcome.failure.message == "run_job found problems: one; two"


def test_a_class_needs_no_base_class(run):
    source = """
        class Job:
            def validate(self, context, runtime, config):
                return context
            def run_job(self, context, runtime, data):
                return [context, data]
        """
    assert run(source) == Finished(b'["context","context"]')


def test_a_class_may_be_in_the_packages_own_module(run):
    assert run({"package/__init__.py": job()}, "package.Job") == Finished(b"null")


@pytest.mark.parametrize(
    "class_path",
    [
        "package.module.Other",
        "package.other.Job",
        "package.module.other.Job",
        "other.module.Job",
        "package.module.text",
        "Job",
        ".Job",
        "package.",
        "package..Job",
        "..Job",
        "",
        "package.module\0.Job",
    ],
)
def test_a_module_or_class_that_is_not_in_the_binary_is_not_found(run, class_path):
    outcome = run({"package/module.py": job() + "\ntext = 'text'"}, class_path)
    assert outcome == NotFound(class_path)


@pytest.mark.parametrize(
    ("source", "error_class", "message"),
    [
        ("import nowhere", "ModuleNotFoundError", "No module named 'nowhere'"),
        ("import package.nowhere", "ModuleNotFoundError", "No module named 'package.nowhere'"),
        ("from package import nowhere", "ImportError", "cannot import name 'nowhere'"),
        ("raise ModuleNotFoundError('no name')", "ModuleNotFoundError", "no name"),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
        ("x = = 1", "SyntaxError", "invalid syntax"),
        ("raise SystemExit(3)", "SystemExit", "The job called sys.exit(3)"),
    ],
)
def test_an_error_inside_the_authors_module_is_the_jobs_failure(run, source, error_class, message):
    outcome = run(source)
    assert isinstance(outcome, Failed)
    assert outcome.failure.error_class == error_class
    assert message in outcome.failure.message


def test_an_error_in_the_constructor_is_the_jobs_failure(run):
    outcome = run("class Job:\n    def __init__(self, more): pass")
    assert outcome.failure.error_class == "TypeError"


def test_a_failure_tells_the_exceptions_text_class_and_the_authors_part_of_the_traceback(run):
    outcome = run(
        job(run_job="raise Refused('for\\na reason')") + "class Refused(Exception): pass\n"
    )
    assert outcome.failure.message == "for\na reason"
    assert outcome.failure.error_class == "package.module.Refused"
    lines = outcome.failure.stack.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('module.py", line 6, in run_job')
    assert lines[1].startswith(f'  File "{Path(sys.path[0]).resolve()}')
    assert lines[-2:] == ["package.module.Refused: for", "a reason"]
    assert "_worker" not in outcome.failure.stack


def test_the_traceback_of_an_import_begins_in_the_authors_module(run):
    outcome = run("import nowhere")
    assert outcome.failure.stack.splitlines()[1].endswith('module.py", line 1, in <module>')


def test_causes_are_told_too(run):
    source = job(
        run_job="try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError from e"
    )
    stack = run(source).failure.stack
    assert "ZeroDivisionError" in stack
    assert "direct cause" in stack


@pytest.mark.parametrize(
    ("statement", "error_class", "message"),
    [
        ("raise SystemExit", "SystemExit", "The job called sys.exit()"),
        ("import sys; sys.exit('why')", "SystemExit", "The job called sys.exit('why')"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "The job was interrupted"),
        ("raise GeneratorExit", "GeneratorExit", ""),
        (
            "return self.run_job(context, runtime, data)",
            "RecursionError",
            "maximum recursion depth",
        ),
        ("raise ValueError('\\ud800')", "ValueError", "\\ud800"),
        ("raise KeyError('k')", "KeyError", "'k'"),
        (
            "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})",
            "package.module.E",
            "its text",
        ),
        ("raise NotImplementedError", "NotImplementedError", ""),
        ("return object()", "sparkjobserver.api.ResultError", "result is of type object"),
    ],
)
@pytest.mark.parametrize("method", ["validate", "run_job"])
def test_whatever_a_job_raises_makes_it_fail(run, method, statement, error_class, message):
    if statement.startswith("return"):
        method = "run_job"
    outcome = run(job(**{method: statement}))
    assert isinstance(outcome, Failed)
    assert outcome.failure.error_class == error_class
    assert message in outcome.failure.message


def test_a_long_text_is_cut(run):
    outcome = run(job(run_job="raise ValueError('x' * 10_000_000)"))
    assert len(outcome.failure.message) < 300_000
    assert outcome.failure.message.endswith("more characters)")


def test_a_result_may_be_as_long_as_is_allowed(run):
    source = job(run_job="return 'x' * 8")
    assert run(source, longest_result=10) == Finished(b'"xxxxxxxx"')
    outcome = run(source, longest_result=9)
    assert outcome.failure.error_class == "sparkjobserver.api.ResultError"
    assert outcome.failure.message == (
        "the result has 10 bytes as JSON; at most 9 are allowed"
        " (max-result-size of the context's settings)"
    )


def test_a_base_class_method_that_is_not_overridden_is_told(run):
    outcome = run("from sparkjobserver.api import SparkJob\nclass Job(SparkJob): pass")
    assert outcome.failure.message == "Job has no method validate"


def test_a_binary_that_cannot_be_unpacked_makes_the_job_fail(run, tmp_path):
    (tmp_path / "binary").write_bytes(b"no archive")
    outcome = run({"../outside.py": ""})
    assert outcome.failure.message.startswith("The binary cannot be unpacked: ")


def test_executors_are_told_of_the_binary_before_its_modules_are_imported(run):
    host = StubHost()
    run("import nowhere", host=host)
    digest, includes = host.binaries
    assert includes == ("helper.zip", f"{digest}.egg")


def test_the_context_may_be_the_jobs_own(run):
    source = job("return context", "return [context, data]")
    source += "    def build_context(self, gateway, jvmContext, sparkConf): return 'built'\n"
    assert run(source) == Finished(b'["built","built"]')


def test_the_binary_comes_before_other_modules_of_that_name(run, tmp_path):
    (tmp_path / "package.py").write_text("1 / 0")
    sys.path.insert(0, str(tmp_path))
    assert run(job()) == Finished(b"null")


def test_an_api_inside_the_binary_does_not_shadow_ours(run):
    source = {
        "package/module.py": job("return build_problems(['ours'])"),
        "sparkjobserver/api.py": "",
    }
    assert run(source) == Invalid(("ours",))


def test_a_job_imports_from_what_it_depends_on_after_its_own_binary(run, tmp_path):
    archive(tmp_path / "lib", {"lib.py": "name = 'lib'", "package/__init__.py": "theirs = 1"})
    needed = Dependencies((binaries.Archive(tmp_path / "lib", "Wheel"),), "needed")
    host = StubHost()
    look = "import lib, package; return lib.name, hasattr(package, 'theirs')"

    outcome = run(job(run_job=look), host=host, dependencies=needed)

    assert outcome == Finished(b'["lib",false]')
    assert host.binaries[0].endswith("+needed")
    assert len(host.binaries[0]) == 64 + len("+needed")


def test_what_a_job_depends_on_stands_in_the_drivers_message():
    message = {"digest": "d", "archives": [{"archive": "/a.whl", "type": "Wheel"}]}
    assert Dependencies.from_message(message) == Dependencies(
        (binaries.Archive(Path("/a.whl"), "Wheel"),), "d"
    )
