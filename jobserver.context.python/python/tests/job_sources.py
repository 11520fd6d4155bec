"""Sources of small jobs, for tests."""

HEAD = """
import os, random, signal, subprocess, sys, threading, time
from sparkjobserver.api import SparkJob, build_problems

class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config

def tell(config, *texts):
    # Tells a test something while the job runs, through a FIFO.
    with open(config.get("fifo"), "w") as fifo:
        fifo.write(" ".join(str(text) for text in texts))

def for_ever():
    while True:
        signal.pause()

class Job(Base):
    def run_job(self, context, runtime, data):
"""


def source(*lines):
    return HEAD + "\n".join("        " + line for line in lines)
