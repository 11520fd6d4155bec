"""The Python side of the contexts that `jobserver.context.example.CustomContextFactory` makes.

It comes with the factory's bundle: jobs import it, and bring nothing of it along.
"""

from pyspark import SparkContext


class CustomContext:
    """The Python form of the factory's Java object.

    :param jvm_context: the Java object; its methods can be called as they are
    :param spark_context: a SparkContext that leads to the same Spark application
    """

    def __init__(self, jvm_context, spark_context):
        self._jvm_context = jvm_context
        self.spark_context = spark_context

    @classmethod
    def build(cls, gateway, jvm_context, spark_conf):
        """For a job's `build_context`, whose arguments these are."""
        java_spark_context = jvm_context.javaSparkContext()
        return cls(
            jvm_context, SparkContext(gateway=gateway, jsc=java_spark_context, conf=spark_conf)
        )

    def custom_method(self):
        return self._jvm_context.customMethod()

    def see(self, words):
        """How often the jobs of this context have seen each of these words, these times included."""
        return {word: self._jvm_context.see(word) for word in words}


def capital(word):
    """For functions that run on executors: the bundle's modules are there, too."""
    return word.upper()
