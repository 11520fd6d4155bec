"""Counts tests from the reports that test runners wrote.

Prints a table, one row for each kind of test, then what failed, and as its last line "N passed, N failed". Exits with 1
when a test failed, when a kind has no test at all, or when problems are named with --problem.
"""

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

KINDS = ("Java unit", "in-container", "Python", "end-to-end")


@dataclass
class Count:
    """What the reports of one kind of test say."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    failures: list[str] = field(default_factory=list)

    def add(self, report: Path) -> None:
        """Adds what a report in JUnit's format says, which all runners write."""
        try:
            # Our own tools have written it.
            cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # nosec B314
        except ElementTree.ParseError as error:  # a message may hold what XML cannot
            self.failed += 1
            self.failures.append(f"{report.name} cannot be read: {error}")
            return
        for case in cases:
            self.seconds += float(case.get("time", "0").replace(",", ""))
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
                self.failures.append(f"{case.get('classname')}.{case.get('name')}")
            elif case.find("skipped") is not None:
                self.skipped += 1
            else:
                self.passed += 1


def kind_of(report: Path) -> str:
    """Which kind of test wrote a report, by where it lies and by the package of its class."""
    if report.parent.name == "python":
        return "Python"
    if report.parent.name == "end-to-end":
        return "end-to-end"
    if ".integration." in report.name:
        return "in-container"
    if "jobserver.itest" in report.parts:
        return "end-to-end"
    return "in-container" if report.parent.name == "failsafe-reports" else "Java unit"


def reports(repository: Path) -> list[Path]:
    """All reports of the last run."""
    patterns = (
        "jobserver.*/target/surefire-reports/TEST-*.xml",
        "jobserver.*/target/failsafe-reports/TEST-*.xml",
        "build/reports/*/TEST-*.xml",
    )
    return sorted(report for pattern in patterns for report in repository.glob(pattern))


def main() -> int:
    """Reads, prints, judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("--problem", action="append", default=[], help="what failed without a report")
    arguments = parser.parse_args()

    counts = {kind: Count() for kind in KINDS}
    for report in reports(arguments.repository):
        counts[kind_of(report)].add(report)
    problems = list(arguments.problem)
    problems += [f"no {kind} test ran" for kind, count in counts.items() if count.passed + count.failed == 0]

    print(f"\n{'':14}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for kind, count in counts.items():
        print(f"{kind:14}{count.passed:8}{count.failed:8}{count.skipped:9}{count.seconds:9.0f}")
    for count in counts.values():
        for failure in count.failures:
            print(f"FAILED: {failure}")
    for problem in problems:
        print(f"FAILED: {problem}")

    passed, failed, skipped = (
        sum(getattr(count, name) for count in counts.values()) for name in ("passed", "failed", "skipped")
    )
    failed += len(problems)
    print()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
