"""Uses a context that is no SparkSession.

It runs in contexts of the factory `jobserver.context.example.CustomContextFactory`, which makes a
Java object with the methods `customMethod()` and `javaSparkContext()`.
"""

from pyspark import SparkContext

from sparkjobserver.api import SparkJob, build_problems


class CustomContext:
    """The Python form of the factory's Java object.

    :param jvm_context: the Java object; its methods can be called as they are
    :param spark_context: a SparkContext that leads to the same Spark application
    """

    def __init__(self, jvm_context, spark_context):
        self._jvm_context = jvm_context
        self.spark_context = spark_context

    def custom_method(self):
        return self._jvm_context.customMethod()

    def count(self, data):
        return self.spark_context.parallelize(data).count()


class CustomContextJob(SparkJob):
    """Says what the context's own method says, and how many `input.strings` there are."""

    def build_context(self, gateway, jvmContext, sparkConf):
        java_spark_context = jvmContext.javaSparkContext()
        spark_context = SparkContext(gateway=gateway, jsc=java_spark_context, conf=sparkConf)
        return CustomContext(jvmContext, spark_context)

    def validate(self, context, runtime, config):
        strings = config.get("input.strings", None)
        if strings:
            return strings
        return build_problems(["config input.strings not found"])

    def run_job(self, context, runtime, data):
        return f"{context.custom_method()} {context.count(data)}"
