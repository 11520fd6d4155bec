"""The floor: jobs called in one plain, warm PySpark process. Reads a job a line, answers a line."""

import importlib
import json
import sys
import time

from pyhocon import ConfigFactory
from pyspark.sql import SparkSession


def main() -> None:
    egg = sys.argv[1]
    sys.path.insert(0, egg)
    session = SparkSession.builder.getOrCreate()
    session.sparkContext.addPyFile(egg)
    answers = sys.stdout
    sys.stdout = sys.stderr
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        class_path, config = json.loads(line)
        module, _, name = class_path.rpartition(".")
        job = getattr(importlib.import_module(module), name)()
        tree = ConfigFactory.from_dict(config)
        begun = time.perf_counter()
        result = job.run_job(session, None, job.validate(session, None, tree))
        took = time.perf_counter() - begun
        print(json.dumps([took, result]), file=answers, flush=True)


main()
