from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError

from sparkjobserver._worker.failures import failure_of

AUTHORS = """\
  File "/jobs/my_jobs.py", line 9, in f
    return inner(x)
           ^^^^^^^^
  File "/jobs/my_jobs.py", line 7, in inner
    raise ValueError("bad value %s" % x)
ValueError: bad value 1"""

PYSPARKS = """\
  File "/opt/spark/python/lib/pyspark.zip/pyspark/worker.py", line 2044, in main
    process()
  File "/opt/site-packages/pyspark/util.py", line 131, in wrapper
    return f(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^
"""

OF_RDD = f"""An error occurred while calling z:org.apache.spark.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed: \
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
{PYSPARKS}{AUTHORS}
a second line

	at org.apache.spark.api.python.BasePythonRunner.handlePythonException(x.scala:581)
	at org.apache.spark.api.python.PythonRunner$$anon$3.read(PythonRunner.scala:962)

Driver stacktrace:
	at org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2935)
"""

OF_SQL = f"""
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
{AUTHORS}
a second line

"""


def raised(module, text):
    """What is told of an exception of PySpark's own, whichever version is installed."""
    kind = type("PythonException", (Exception,), {"__module__": module})
    try:
        raise kind(text)
    except kind as error:
        return failure_of(error)


def of_java(text, monkeypatch):
    monkeypatch.setattr(Py4JJavaError, "__str__", lambda self: text)
    try:
        raise Py4JJavaError("", type("Throwable", (), {"_target_id": "o1"})())
    except Py4JJavaError as error:
        return failure_of(error)


def test_a_function_that_failed_on_an_executor_is_told_first(monkeypatch):
    failure = of_java(OF_RDD, monkeypatch)
    assert failure.message == "ValueError: bad value 1\na second line"
    assert failure.error_class == "py4j.protocol.Py4JJavaError"
    first = "Traceback (most recent call last):\n" + AUTHORS + "\na second line\n\nThis was in"
    assert failure.stack.startswith(first)
    assert "DAGScheduler.abortStage" in failure.stack


def test_so_is_one_of_sql():
    failure = raised("pyspark.errors.exceptions.captured", OF_SQL)
    assert failure.message == "ValueError: bad value 1\na second line"
    first = "Traceback (most recent call last):\n" + AUTHORS + "\na second line\n\nThis was in"
    assert failure.stack.startswith(first)
    assert Path(__file__).name in failure.stack


def test_what_failed_within_pyspark_has_no_frame_of_the_authors(monkeypatch):
    text = (
        f"An error.\nTraceback (most recent call last):\n{PYSPARKS}EOFError: it ended\n\n\tat a.B"
    )
    failure = of_java(text, monkeypatch)
    assert failure.message == "EOFError: it ended"
    assert failure.stack.startswith("EOFError: it ended\n\nThis was in")


@pytest.mark.parametrize(
    "text", ["An error occurred.\n: java.io.IOException: no\n\tat a.B", "Traceback (most", ""]
)
def test_any_other_error_of_the_jvm_is_told_as_it_is(monkeypatch, text):
    assert of_java(text, monkeypatch).message == text


def test_an_exception_of_the_author_that_quotes_a_traceback_is_told_as_it_is():
    assert raised("my_jobs", OF_SQL).message == OF_SQL
