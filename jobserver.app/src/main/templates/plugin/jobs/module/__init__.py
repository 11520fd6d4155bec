"""A job for these contexts: what a job author writes."""

from @module@_context import @Class@Context

from sparkjobserver.api import SparkJob, build_problems


class GreetJob(SparkJob):
    def build_context(self, gateway, jvmContext, sparkConf):
        return @Class@Context(gateway, jvmContext, sparkConf)

    def validate(self, context, runtime, config):
        return config.get("names", None) or build_problems(["config names not found"])

    def run_job(self, context, runtime, data):
        names = context.spark.parallelize(data).map(str.title).collect()
        return [context.greet(name) for name in names]
