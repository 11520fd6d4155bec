"""Python jobs for Jobserver.

`sparkjobserver.api` is what jobs import, `sparkjobserver.testing` what their tests import.
"""

__version__ = "0.1.0"
