import itertools
import os

import pytest

from driver import Driver

_numbers = itertools.count()


@pytest.fixture(scope="session")
def driver_folder(tmp_path_factory):
    """Makes folders for drivers. Their sockets have short names only from there."""

    def make():
        folder = tmp_path_factory.mktemp(f"driver{next(_numbers)}")
        os.chdir(folder.parent)
        return folder

    before = os.getcwd()
    yield make
    os.chdir(before)


@pytest.fixture
def own_driver(driver_folder):
    """A driver for a test that ends it. Workers attach to nothing."""
    driver = Driver(driver_folder())
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def driver(driver_folder):
    """A driver for all tests that let it live. Workers attach to nothing."""
    driver = Driver(driver_folder(), environment={"SECRET": "of the driver"})
    yield driver
    driver.close()


@pytest.fixture
def fifo(tmp_path):
    """What a job can `tell` a test through while it runs."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
