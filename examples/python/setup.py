from setuptools import setup

setup(
    name="sjs_python_examples",
    version="0.1.0",
    description="Examples of jobs for Jobserver",
    license="Apache-2.0",
    packages=["example_jobs"],
    python_requires=">=3.10",
)
