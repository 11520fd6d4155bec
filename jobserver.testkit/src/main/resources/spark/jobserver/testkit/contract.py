"""Jobs of the contract: the author's own, which makes the context, with something else to do."""

import importlib
import time

from jobserver_contract.author import CLASS_PATH

_module, _, _name = CLASS_PATH.rpartition(".")
_Author = getattr(importlib.import_module(_module), _name)


class _Job(_Author):
    def validate(self, context, runtime, config):
        return config


class Waits(_Job):
    """Never ends by itself."""

    def run_job(self, context, runtime, data):
        while True:
            time.sleep(1000)


class Raises(_Job):
    """Ends by an error."""

    def run_job(self, context, runtime, data):
        raise ValueError("raised on purpose")
