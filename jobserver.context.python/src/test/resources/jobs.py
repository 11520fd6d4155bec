"""The jobs of the tests. Most say in validate who they are, for the test to read when they are valid."""

import glob
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal

from sparkjobserver.api import NamedObject, SparkJob, build_problems


class Base(SparkJob):
    def validate(self, context, runtime, config):
        if config.get("pid", None):
            with open(config["pid"], "w") as file:
                file.write(str(os.getpid()))
        return config


class WordCount(Base):
    def validate(self, context, runtime, config):
        words = config.get("input.strings", None)
        return words if words else build_problems(["config input.strings not found"])

    def run_job(self, context, runtime, data):
        return context._sc.parallelize(data).countByValue()


class Raises(Base):
    def run_job(self, context, runtime, data):
        raise KeyError("no such key")


class Sleeps(Base):
    def run_job(self, context, runtime, data):
        while True:
            time.sleep(1000)


class SleepsInSpark(Base):
    def run_job(self, context, runtime, data):
        def sleep(x):
            time.sleep(1000)
            return x

        return context._sc.parallelize(range(8), 3).map(sleep).count()


class Pid(Base):
    def run_job(self, context, runtime, data):
        return os.getpid()


class Meets(Base):
    """Ends when its partner has come, through two pipes."""

    def run_job(self, context, runtime, data):
        mine, other = data["mine"], data["other"]
        if data["first"]:
            with open(mine, "w") as pipe:
                pipe.write("here")
            with open(other) as pipe:
                return pipe.read()
        with open(other) as pipe:
            heard = pipe.read()
        with open(mine, "w") as pipe:
            pipe.write("too")
        return heard


class Large(Base):
    """Returns a number of which a parser would lose a digit, and a text."""

    def run_job(self, context, runtime, data):
        return [Decimal("1.10"), "x" * data["size"]]


class Floods(Base):
    def run_job(self, context, runtime, data):
        for line in range(200_000):
            print("line", line)
        print("last printed")


class LeavesChild(Base):
    def run_job(self, context, runtime, data):
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True, close_fds=False)
        return child.pid


class Streams(Base):
    """Starts a query that waits: it has no Spark job that would take it along when cancelled."""

    def run_job(self, context, runtime, data):
        lines = context.readStream.text(data["folder"])
        query = lines.writeStream.format("memory").queryName("lines").start()
        return str(query.id)


class Tells(Base):
    def run_job(self, context, runtime, data):
        print("to the log")
        return [
            os.environ.get("PYTHONHASHSEED"),
            [name for name in os.environ if "TOKEN" in name or "SECRET" in name],
            context.conf.get("spark.rdd.compress"),
            context.conf.get("spark.pyspark.python"),
            sys.version_info[0],
            runtime.contextConfig.get("marker", None),
        ]


class Custom(Base):
    def build_context(self, gateway, jvmContext, sparkConf):
        return gateway, jvmContext, sparkConf

    def run_job(self, context, runtime, data):
        gateway, jvm_context, conf = context
        helper = __import__("helper")
        return [
            jvm_context.greeting(),
            gateway.jvm.CountDownLatch(6).getCount(),
            conf.get("spark.custom"),
            helper.ANSWER,
        ]


class Shapes(Base):
    """Uses a class of a jar that the factory's bundle brings, by both of its names."""

    def build_context(self, gateway, jvmContext, sparkConf):
        return gateway.jvm, jvmContext

    def run_job(self, context, runtime, data):
        jvm, jvm_context = context
        return [jvm.shapes.Square.sides(), jvm.Square.sides(), jvm_context.shipped()]


class Settings(Base):
    """Tells what Spark and the job have been told of the settings."""

    def run_job(self, context, runtime, data):
        conf = context.getConf()
        mine = runtime.contextConfig
        return [conf.get("spark.shape"), conf.get("spark.given"), mine["shape"], mine["a"]]


class Kind(Base):
    """Tells what it has got as its context, and uses it."""

    def run_job(self, context, runtime, data):
        kind = type(context).__name__
        some = context.parallelize([1, 2, 3]) if kind == "SparkContext" else context.range(3)
        return [kind, some.count()]


class StopsSpark(Base):
    def run_job(self, context, runtime, data):
        context._jsc.stop()


class Settled(Base):
    """Has Spark tell its listeners all before the job ends."""

    def run_job(self, context, runtime, data):
        self.work(context)
        context._jsc.sc().listenerBus().waitUntilEmpty()


class Counts(Settled):
    def work(self, context):
        context._sc.parallelize(range(8), 4).count()


class CountsTwice(Settled):
    """The second time Spark skips the first stage."""

    def work(self, context):
        pairs = context._sc.parallelize([(n, n) for n in range(9)], 3)
        sums = pairs.reduceByKey(lambda one, other: one + other, 2)
        sums.count()
        sums.count()


class Groups(Settled):
    def work(self, context):
        context.range(0, 99, 1, 3).selectExpr("id % 2 as half").groupBy("half").count().collect()


class Stumbles(Settled):
    def work(self, context):
        def fail(x):
            raise ValueError(x)

        try:
            context._sc.parallelize([1], 1).map(fail).count()
        except Exception:
            context._sc.parallelize([1, 2], 2).count()


class Loses(Settled):
    """Loses what the first stage has written, so that Spark has to repeat it."""

    def work(self, context):
        pairs = context._sc.parallelize([(n, n) for n in range(9)], 3)
        sums = pairs.reduceByKey(lambda one, other: one + other, 2)
        sums.count()
        local = context._sc.getConf().get("spark.local.dir")
        for file in glob.glob(f"{local}/**/shuffle_*", recursive=True):
            os.remove(file)
        sums.count()


class CountsInThreads(Settled):
    def work(self, context):
        def count(parts):
            context._sc.parallelize(range(8), parts).count()

        threads = [threading.Thread(target=count, args=(parts,)) for parts in (2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class StreamsForAWhile(Settled):
    def work(self, context):
        rates = context.readStream.format("rate").option("rowsPerSecond", 100).load()
        query = rates.writeStream.format("memory").queryName("some_rates").start()
        while not any(progress["numInputRows"] for progress in query.recentProgress):
            time.sleep(0.05)
        query.stop()


class Forked(Base):
    """Tells which module forked an executor's process, and what is left of the way to it."""

    def run_job(self, context, runtime, data):
        def told(_):
            main = sys.modules["__main__"].__spec__.name
            way = [key for key in os.environ if "JOBSERVER_DAEMON" in key]
            path = os.environ["PYTHONPATH"].split(os.pathsep) + sys.path[1:]
            return main, way, [entry for entry in path if entry == "." or "daemon" in entry]

        return context._sc.parallelize([0], 1).map(told).first()


class Shares(Base):
    """Gives names to one object of each kind."""

    def run_job(self, context, runtime, data):
        names = runtime.namedObjects
        frame = context.range(0, 1000, 1, 1)
        names.update("held frame", lambda: NamedObject(frame, forceComputation=True))
        names.update("lazy frame", lambda: context.range(7))
        rdd = context._sc.parallelize(range(1000), 1).map(str)
        names.update("held rdd", lambda: NamedObject(rdd, forceComputation=True))
        names.update("lazy rdd", lambda: context._sc.parallelize([1]))
        names.update("value", lambda: {"key": [1, 2]})
        names.update("own", lambda: Base())
        jvm = context._sc._gateway.jvm
        objects = context._sc._gateway.entry_point.namedObjects()
        objects.put("bare", jvm.java.util.ArrayList())
        objects.put("bare frame", context.range(2)._jdf)
        return names.get("value").obj


class Unshares(Base):
    def run_job(self, context, runtime, data):
        for name in runtime.namedObjects.get_names():
            runtime.namedObjects.destroy(name)


class Keeps(Base):
    """Counts the jobs that have run in its process."""

    count = 0

    def run_job(self, context, runtime, data):
        Keeps.count += 1
        return [os.getpid(), Keeps.count]


class LocalProperties(Base):
    """What Spark remembers of its thread; sets some of it at the end."""

    def run_job(self, context, runtime, data):
        spark = context._sc
        found = [
            spark.getLocalProperty("spark.scheduler.pool"),
            spark.getLocalProperty("spark.job.description"),
            sorted(tag for tag in tags(spark) if not tag.startswith("jobserver-")),
        ]
        if data["set"]:
            spark.setLocalProperty("spark.scheduler.pool", "mine")
            spark.setJobDescription("mine")
            spark._jsc.sc().addJobTag("mine")
        return [found, len(tags(spark))]


def tags(spark):
    return spark.getLocalProperty("spark.job.tags").split(",")


class LeavesSparkJob(Base):
    """Returns while the JVM goes on with what it has begun."""

    def run_job(self, context, runtime, data):
        context.range(10**13, numPartitions=2)._jdf.javaRDD().countAsync()
        while not context._sc.statusTracker().getActiveJobsIds():
            time.sleep(0.05)
        return "left"


class AwaitsQuiet(Base):
    """Ends when Spark has nothing to do."""

    def run_job(self, context, runtime, data):
        while context._sc.statusTracker().getActiveJobsIds():
            time.sleep(0.05)
        return True


class Talks(Base):
    def run_job(self, context, runtime, data):
        print("a line of some length\n" * 10_000)
        print("the last line")
