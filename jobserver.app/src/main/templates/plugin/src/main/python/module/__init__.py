"""The Python side of the contexts that @package@.@Class@ContextFactory makes. It comes with the factory's bundle."""

from pyspark import SparkContext


class @Class@Context:
    def __init__(self, gateway, jvm_context, spark_conf):
        """The arguments are those of a job's `build_context`."""
        self._jvm_context = jvm_context
        self.spark = SparkContext(gateway=gateway, jsc=jvm_context.spark(), conf=spark_conf)

    def greet(self, name):
        return self._jvm_context.greet(name)
