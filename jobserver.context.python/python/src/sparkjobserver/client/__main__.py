"""`sjs` as `python -m sparkjobserver.client`."""

import sys

from sparkjobserver.client.command import run

sys.exit(run())
