"""The jobs of `TrapsIT`."""

import os
import queue
import threading
import time

from pyspark.sql.functions import udf

from sparkjobserver.api import SparkJob


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def objects(self, context):
        return context.sparkContext._gateway.entry_point.namedObjects()


class AsksLate(Base):
    def run_job(self, context, runtime, data):
        context._jvm.spark.jobserver.python.integration.Late.count(context._jsc)


class SleepsInJvm(Base):
    """Has a task of Spark sleep in the JVM."""

    def run_job(self, context, runtime, data):
        context._jvm.spark.jobserver.python.integration.Late.sleep(context._jsc)


class Ends(Base):
    """Leaves its process id, for who wants to wait for its end."""

    def validate(self, context, runtime, config):
        with open(config["pid"], "w") as file:
            file.write(str(os.getpid()))

    def run_job(self, context, runtime, data):
        return "done"


class HasProperties(Base):
    """Tells which of its threads have read another's properties."""

    def run_job(self, context, runtime, data):
        spark = context.sparkContext
        together = threading.Barrier(4)
        wrong = []

        def work(mine):
            spark.setLocalProperty("whose", mine)
            for _ in range(20):
                together.wait(30)
                read = spark.getLocalProperty("whose")
                if read != mine:
                    wrong.append([mine, read])

        names = [f"{data['name']} {number}" for number in range(4)]
        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return wrong


class StreamsToFunction(Base):
    """Tells whether the batches of a stream came to this process."""

    def run_job(self, context, runtime, data):
        batches = queue.Queue()

        def take(frame, number):
            batches.put([number, frame.count() >= 0, os.getpid()])

        rates = context.readStream.format("rate").option("rowsPerSecond", 50).load()
        query = rates.writeStream.foreachBatch(take).start()
        taken = [batches.get(timeout=40) for _ in range(2)]
        query.stop()
        return taken == [[number, True, os.getpid()] for number in range(2)]


class Holds(Base):
    """Refers to an object of the JVM until its end."""

    def run_job(self, context, runtime, data):
        self.held = context._jvm.java.util.ArrayList()
        self.objects(context).put("held", context._jvm.java.lang.ref.WeakReference(self.held))


class IsHeld(Base):
    """Tells whether anything refers to that object still."""

    def run_job(self, context, runtime, data):
        reference = self.objects(context).remove("held")
        end = time.monotonic() + 10
        while not reference.refersTo(None) and time.monotonic() < end:
            context._jvm.System.gc()
            time.sleep(0.05)
        return not reference.refersTo(None)


class MakesView(Base):
    """Makes a view by two functions: one that needs a broadcast, and one that is a large one."""

    def run_job(self, context, runtime, data):
        squares = context.sparkContext.broadcast([n * n for n in range(10)])
        letters = "".join(chr(97 + n % 26) for n in range(3_000_000))
        square = udf(lambda n: squares.value[n], "long")
        letter = udf(lambda n: letters[n], "string")
        view = context.range(0, 3, 1, 1).select(square("id"), letter("id"))
        view.createOrReplaceTempView("made")
        return context.sparkContext._temp_dir


class UsesView(Base):
    def run_job(self, context, runtime, data):
        return context.sql("select * from made").collect()


class Folder(Base):
    """Tells of the temporary folder that PySpark has made."""

    def run_job(self, context, runtime, data):
        return context.sparkContext._temp_dir
