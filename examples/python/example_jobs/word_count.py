"""Counts words: the least that a job on an RDD needs."""

from sparkjobserver.api import SparkJob, build_problems


class WordCountSparkJob(SparkJob):
    """Counts how often each text occurs in `input.strings`.

    The context may be a SparkSession or a SparkContext.
    """

    def validate(self, context, runtime, config):
        strings = config.get("input.strings", None)
        if strings:
            return strings
        return build_problems(["config input.strings not found"])

    def run_job(self, context, runtime, data):
        spark_context = getattr(context, "sparkContext", context)
        return spark_context.parallelize(data).countByValue()
