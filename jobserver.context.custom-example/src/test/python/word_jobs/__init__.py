"""The job of CustomContextFactoryIT."""

from custom_context import CustomContext, capital

from sparkjobserver.api import SparkJob, build_problems


class CapitalsJob(SparkJob):
    def build_context(self, gateway, jvmContext, sparkConf):
        return CustomContext.build(gateway, jvmContext, sparkConf)

    def validate(self, context, runtime, config):
        return config.get("words", None) or build_problems(["config words not found"])

    def run_job(self, context, runtime, data):
        capitals = context.spark_context.parallelize(data).map(capital).collect()
        return [context.custom_method(), capitals]


class SeeJob(CapitalsJob):
    def run_job(self, context, runtime, data):
        return context.see(data)
