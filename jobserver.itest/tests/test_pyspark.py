"""What authors of PySpark expect of a job: all of PySpark, in a context that others use too."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from typing import Any

import pytest
from server import Server

JOBS = '''
import threading
from concurrent.futures import ThreadPoolExecutor

from pyspark import SparkContext, StorageLevel
from pyspark.accumulators import AccumulatorParam
from pyspark.sql import Row, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType
from sparkjobserver.api import SparkJob

PEOPLE = [("bob", 20, 1200), ("jon", 21, 1400), ("mary", 20, 1300), ("sue", 21, 1600)]
COLUMNS = ["name", "age", "salary"]


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Sql(Base):
    def run_job(self, context, runtime, data):
        people = context.createDataFrame(PEOPLE, COLUMNS)
        people.createOrReplaceTempView("sql_people")
        ranked = people.withColumn(
            "rank", F.row_number().over(Window.partitionBy("age").orderBy(F.desc("salary")))
        )
        ages = context.createDataFrame([Row(age=20, word="twenty"), Row(age=21, word="more")])
        path = data["folder"] + "/people"
        ranked.join(ages, "age").write.parquet(path)
        first = context.read.parquet(path).where("rank = 1").orderBy("age")
        least = "select name from sql_people where salary < {most} order by name"
        return {
            "first": [row.asDict() for row in first.select("name", "word").collect()],
            "least": [row[0] for row in context.sql(least, most=1350).collect()],
            "schema": people.schema.simpleString(),
            "catalog": context.catalog.tableExists("sql_people"),
        }


class Rdds(Base):
    def run_job(self, context, runtime, data):
        core = context.sparkContext
        pairs = core.parallelize(range(10), 3).map(lambda n: (n % 3, n))
        pairs.persist(StorageLevel.DISK_ONLY)
        sums = dict(pairs.reduceByKey(lambda one, other: one + other).collect())
        names = core.parallelize([(0, "zero"), (2, "two")])
        path = data["folder"] + "/lines"
        pairs.values().map(str).saveAsTextFile(path)
        return {
            "sums": sums,
            "joined": sorted(names.join(pairs.groupByKey().mapValues(len)).collect()),
            "read": core.textFile(path).map(int).sum(),
            "sorted": pairs.values().sortBy(lambda n: -n).take(2),
            "aggregated": pairs.values().aggregate((0, 0), add, merge),
            "frame": pairs.toDF(["rest", "number"]).where("rest = 1").count(),
        }


def add(sums, number):
    return sums[0] + number, sums[1] + 1


def merge(one, other):
    return one[0] + other[0], one[1] + other[1]


def shout(word):
    return word.upper()


class Functions(Base):
    def run_job(self, context, runtime, data):
        people = context.createDataFrame(PEOPLE, COLUMNS)

        @F.udf("string")
        def initial(name):
            return name[0]

        context.udf.register("shout", shout, StringType())
        people.createOrReplaceTempView("function_people")
        rows = context.sql("select shout(name) as loud, name from function_people where name > 'k'")
        return [list(row) for row in rows.select("loud", initial("name")).orderBy("loud").collect()]


class Pandas(Base):
    def run_job(self, context, runtime, data):
        import pandas as pd

        people = context.createDataFrame(pd.DataFrame(PEOPLE, columns=COLUMNS))

        @F.pandas_udf("long")
        def double(salaries: pd.Series) -> pd.Series:
            return salaries * 2

        @F.pandas_udf("double")
        def middle(salaries: pd.Series) -> float:
            return salaries.median()

        def richest(group):
            return group[group.salary == group.salary.max()]

        def young(frames):
            for frame in frames:
                yield frame[frame.age < 21]

        schema = people.schema
        best = people.groupBy("age").applyInPandas(richest, schema).orderBy("age")
        return {
            "doubled": [row[0] for row in people.select(double("salary")).collect()],
            "middle": people.select(middle("salary")).first()[0],
            "richest": best.toPandas(),
            "young": sorted(people.mapInPandas(young, schema).toPandas()["name"].tolist()),
        }


class Arrow(Base):
    def run_job(self, context, runtime, data):
        import pyarrow as pa

        def counted(batches):
            for batch in batches:
                yield pa.RecordBatch.from_pydict({"rows": [batch.num_rows]})

        numbers = context.range(0, 1000, 1, 4)
        counts = numbers.mapInArrow(counted, "rows long")
        session = context.newSession()  # the settings are its own
        session.conf.set("spark.sql.execution.arrow.pyspark.enabled", "true")
        session.conf.set("spark.sql.execution.arrow.pyspark.fallback.enabled", "false")
        frame = session.range(1000).selectExpr("id", "cast(id as string) as text").toPandas()
        return [counts.groupBy().sum("rows").first()[0], len(frame), frame["text"].iloc[-1]]


class Words(AccumulatorParam):
    def zero(self, value):
        return set()

    def addInPlace(self, one, other):
        return one | (other if isinstance(other, set) else {other})


class Accumulators(Base):
    def run_job(self, context, runtime, data):
        core = context.sparkContext
        odd, seen = core.accumulator(0), core.accumulator(set(), Words())

        def look(number):
            if number % 2:
                odd.add(1)
            seen.add("odd" if number % 2 else "even")

        core.parallelize(range(9), 3).foreach(look)
        return [odd.value, seen.value]


class Broadcasts(Base):
    def run_job(self, context, runtime, data):
        core = context.sparkContext
        small = core.broadcast({n: str(n) for n in range(3)})
        large = core.broadcast("x" * (8 << 20))
        numbers = core.parallelize(range(3), 2)
        texts = numbers.map(lambda n: small.value[n] + large.value[n]).collect()
        large.unpersist()
        again = numbers.map(lambda n: len(large.value)).first()
        small.destroy()
        return [texts, again]


class Batches(Base):
    """A stream that ends, each batch of which goes through a function of the job."""

    def run_job(self, context, runtime, data):
        folder = data["folder"]
        for number in range(3):
            rows = context.range(0, number + 1, 1, 1)
            rows.write.mode("append").json(folder + "/in")
        taken = []

        def take(frame, number):
            frame.createOrReplaceTempView("taken")
            taken.append(frame.sparkSession.sql("select count(*) from taken").first()[0])

        files = context.readStream.schema("id long").option("maxFilesPerTrigger", 1)
        stream = files.json(folder + "/in").writeStream.trigger(availableNow=True)
        query = stream.foreachBatch(take).start(checkpointLocation=folder + "/checkpoints")
        query.awaitTermination()
        return sorted(taken)


class Learns(Base):
    def run_job(self, context, runtime, data):
        from pyspark.ml import Pipeline, PipelineModel
        from pyspark.ml.clustering import KMeans
        from pyspark.ml.feature import VectorAssembler
        from pyspark.ml.linalg import Vectors
        from pyspark.ml.regression import LinearRegression

        points = context.createDataFrame([(float(x), 2.0 * x + 1) for x in range(20)], ["x", "y"])
        features = VectorAssembler(inputCols=["x"], outputCol="features")
        line = Pipeline(stages=[features, LinearRegression(labelCol="y")]).fit(points)
        near = [(Vectors.dense([n / 10, 0.0]),) for n in range(5)]
        far = [(Vectors.dense([50.0, n / 10]),) for n in range(5)]
        groups = KMeans(k=2, seed=1).fit(context.createDataFrame(near + far, ["features"]))
        fitted = line.stages[1]
        path = data["folder"] + "/model"
        line.save(path)
        predicted = PipelineModel.load(path).transform(points).where("x = 3").first().prediction
        return {
            "line": [round(fitted.coefficients[0], 3), round(fitted.intercept, 3)],
            "groups": sorted(round(center[0]) for center in groups.clusterCenters()),
            "predicted": round(predicted, 3),
        }


class MakesViews(Base):
    def run_job(self, context, runtime, data):
        shouted = F.udf(shout, "string")
        people = context.createDataFrame(PEOPLE, COLUMNS)
        people.select(shouted("name").alias("name")).createOrReplaceTempView("shared_view")
        people.createOrReplaceGlobalTempView("global_view")
        context.newSession().range(1).createOrReplaceTempView("view_of_another_session")


class UsesViews(Base):
    def run_job(self, context, runtime, data):
        return [
            sorted(row.name for row in context.sql("select name from shared_view").collect()),
            context.newSession().sql("select * from global_temp.global_view").count(),
            context.catalog.tableExists("view_of_another_session"),
        ]


class Threads(Base):
    """Spark jobs of several threads, with a session each thread finds by itself."""

    def run_job(self, context, runtime, data):
        counts, failures = {}, []

        def count(number):
            try:
                session = SparkSession.builder.getOrCreate()
                assert session is context
                session.sparkContext.setLocalProperty("spark.job.description", f"thread {number}")
                counts[number] = session.range(number).where("id >= 0").count()
            except BaseException as error:
                failures.append(repr(error))

        threads = [threading.Thread(target=count, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with ThreadPoolExecutor(3) as pool:
            core = context.sparkContext
            pooled = list(pool.map(lambda n: core.parallelize(range(n), 2).sum(), range(6)))
        return [sorted(counts.items()), failures, pooled]


class Stops(Base):
    def run_job(self, context, runtime, data):
        context.stop()
        context.sparkContext.stop()
        SparkSession.builder.getOrCreate().stop()
        with context.newSession() as session:  # which stops it at the end
            session.range(1).count()
        SparkContext.getOrCreate().stop()
        return [context.range(3).count(), context.sparkContext.applicationId]


class Application(Base):
    def run_job(self, context, runtime, data):
        return [context.range(3).count(), context.sparkContext.applicationId]
'''

NAME = "pyspark_jobs"


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One context for all, with the interpreter of the tests: it has what authors install."""
    egg = tmp_path_factory.mktemp("jobs") / f"{NAME}.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr(f"{NAME}/__init__.py", JOBS)
    server.upload(NAME, egg)
    settings = f'spark.master = "local[2]", python.executable = "{sys.executable}"'
    server.context("shared", f"spark.context-settings {{ {settings} }}")
    return server


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f'folder = "{tmp_path_factory.mktemp("files")}"'


def run(server: Server, job: str, config: str = "") -> Any:
    answer = server.submit(NAME, f"{NAME}.{job}", "shared", config, sync="true", timeout="150")
    assert answer.status == 200 and "status" not in answer.json, answer.text
    return answer.json["result"]


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{sys.executable} has no {missing}")


def test_dataframes_and_sql(jobs: Server, folder: str) -> None:
    assert run(jobs, "Sql", folder) == {
        "first": [{"name": "mary", "word": "twenty"}, {"name": "sue", "word": "more"}],
        "least": ["bob", "mary"],
        "schema": "struct<name:string,age:bigint,salary:bigint>",
        "catalog": True,
    }


def test_rdds(jobs: Server, folder: str) -> None:
    assert run(jobs, "Rdds", folder) == {
        "sums": {"0": 18, "1": 12, "2": 15},
        "joined": [[0, ["zero", 4]], [2, ["two", 3]]],
        "read": 45,
        "sorted": [9, 8],
        "aggregated": [45, 10],
        "frame": 3,
    }


def test_functions_in_sql(jobs: Server) -> None:
    assert run(jobs, "Functions") == [["MARY", "m"], ["SUE", "s"]]


@needs("pandas", "pyarrow")
def test_functions_over_pandas(jobs: Server) -> None:
    assert run(jobs, "Pandas") == {
        "doubled": [2400, 2800, 2600, 3200],
        "middle": 1350.0,
        "richest": [
            {"name": "mary", "age": 20, "salary": 1300},
            {"name": "sue", "age": 21, "salary": 1600},
        ],
        "young": ["bob", "mary"],
    }


@needs("pandas", "pyarrow")
def test_arrow(jobs: Server) -> None:
    assert run(jobs, "Arrow") == [1000, 1000, "999"]


def test_accumulators(jobs: Server) -> None:
    assert run(jobs, "Accumulators") == [4, ["even", "odd"]]


def test_broadcasts(jobs: Server) -> None:
    assert run(jobs, "Broadcasts") == [["0x", "1x", "2x"], 8 << 20]


def test_batches_of_a_stream(jobs: Server, folder: str) -> None:
    assert run(jobs, "Batches", folder) == [1, 2, 3]


@needs("numpy")
def test_machine_learning(jobs: Server, folder: str) -> None:
    assert run(jobs, "Learns", folder) == {
        "line": [2.0, 1.0],
        "groups": [0, 50],
        "predicted": 7.0,
    }


def test_views_are_for_all_jobs_of_the_context(jobs: Server) -> None:
    assert run(jobs, "MakesViews") is None
    assert run(jobs, "UsesViews") == [["BOB", "JON", "MARY", "SUE"], 4, False]


def test_threads(jobs: Server) -> None:
    assert run(jobs, "Threads") == [
        [[0, 0], [1, 1], [2, 2], [3, 3]],
        [],
        [0, 0, 1, 3, 6, 10],
    ]


def test_a_job_that_stops_its_context_stops_it_for_nobody(jobs: Server) -> None:
    application = run(jobs, "Application")
    assert application[0] == 3
    assert run(jobs, "Stops") == application
    assert run(jobs, "Application") == application
    assert jobs.context_state("shared") == "RUNNING"
