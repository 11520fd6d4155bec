"""One job in one fresh interpreter, as spark-jobserver runs Python jobs. For benchmarks only."""

import importlib
import json
import os
import sys


def main() -> None:
    from py4j.java_gateway import GatewayParameters, JavaGateway, java_import
    from pyhocon import ConfigFactory
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    gateway = JavaGateway(
        gateway_parameters=GatewayParameters(
            port=int(sys.argv[1]), auth_token=os.environ["BENCH_TOKEN"], auto_convert=True
        )
    )
    for name in (
        "org.apache.spark.SparkConf",
        "org.apache.spark.api.java.*",
        "org.apache.spark.api.python.*",
        "org.apache.spark.sql.*",
        "org.apache.spark.sql.api.python.*",
        "scala.Tuple2",
    ):
        java_import(gateway.jvm, name)
    job = gateway.entry_point
    conf = SparkConf(_jvm=gateway.jvm, _jconf=job.conf())
    context = SparkContext(gateway=gateway, jsc=job.sparkContext(), conf=conf)
    session = SparkSession(context, job.session())
    context.addPyFile(job.archive())
    module, _, name = job.classPath().rpartition(".")
    instance = getattr(importlib.import_module(module), name)()
    data = instance.validate(session, None, ConfigFactory.parse_string(job.config()))
    result = instance.run_job(session, None, data)
    if job.convertsResult():
        job.finishConverted(result)
    else:
        job.finish(json.dumps(result))


main()
