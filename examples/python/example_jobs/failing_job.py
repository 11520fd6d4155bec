"""Fails: for seeing what a report says of it."""

from sparkjobserver.api import SparkJob


class FailingJob(SparkJob):
    """Fails in `run_job`; with `fail.at = validate` there. The message is `fail.message`."""

    def validate(self, context, runtime, config):
        message = config.get_string("fail.message", "Deliberate failure")
        if config.get_string("fail.at", "run_job") == "validate":
            raise ValueError(message)
        return message

    def run_job(self, context, runtime, data):
        raise ValueError(data)
