from setuptools import setup

setup(
    name='my_job_package',
    packages=['my_job_package']
)
