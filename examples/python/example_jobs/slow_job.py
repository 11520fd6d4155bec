"""Takes its time: for trying out kills, timeouts and slots."""

import time

from sparkjobserver.api import SparkJob, build_problems


class SlowJob(SparkJob):
    """Sleeps for `sleep.seconds` (10), in Python or, with `sleep.spark = true`, in a Spark task.

    The answer is how many seconds it took.
    """

    def validate(self, context, runtime, config):
        try:
            seconds = config.get_float("sleep.seconds", 10.0)
            in_spark = config.get_bool("sleep.spark", False)
        except Exception as error:
            return build_problems([f"config sleep: {error}"])
        if seconds < 0:
            return build_problems(["config sleep.seconds must not be negative"])
        return seconds, in_spark

    def run_job(self, context, runtime, data):
        seconds, in_spark = data
        started = time.monotonic()
        if in_spark:
            context.sparkContext.parallelize([seconds], 1).foreach(sleep)
        else:
            sleep(seconds)
        return round(time.monotonic() - started, 1)


def sleep(seconds):
    """Sleeps in small steps, and says so in the job's log."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        print(f"{left:.1f} seconds left", flush=True)
        time.sleep(min(left, 0.5))
