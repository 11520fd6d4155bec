"""Averages by SQL: the least that a job on a SparkSession needs."""

from pyspark.sql import SparkSession

from sparkjobserver.api import SparkJob, build_problems


class SQLAverageJob(SparkJob):
    """Computes the average salary for each age out of `input.data`, a list of
    `[name, age, salary]`.

    The answer is a list of `[age, average]`, by age.
    """

    def validate(self, context, runtime, config):
        problems = []
        if not isinstance(context, SparkSession):
            problems.append("Expected a Spark session")
        data = config.get("input.data", None)
        if not data:
            problems.append("config input.data not found")
        return build_problems(problems) if problems else data

    def run_job(self, context, runtime, data):
        people = context.createDataFrame(data, ["name", "age", "salary"])
        # All jobs of a context see its views: the job's id makes the name this job's own.
        view = "people_" + runtime.jobId.replace("-", "_")
        people.createOrReplaceTempView(view)
        try:
            averages = context.sql(
                f"SELECT age, AVG(salary) FROM {view} GROUP BY age ORDER BY age"
            )
            return [(row[0], row[1]) for row in averages.collect()]
        finally:
            context.catalog.dropTempView(view)
