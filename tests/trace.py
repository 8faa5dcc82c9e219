"""The validation matrix: requirement → test → result; ``python -m tests.trace [pytest arguments]``.

Without arguments the whole suite runs; its results are joined with the ids in the tests' marks.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

import pytest


class Matrix:
    """A pytest plugin that remembers which requirement each test names, and how it ended."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[str, ...]] = {}
        self.results: dict[str, str] = {}

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            ids = tuple(name for mark in item.iter_markers("requirement") for name in mark.args)
            if ids:
                self.marks[item.nodeid] = ids

    def pytest_runtest_logreport(self, report: Any) -> None:
        worst = {"failed": 2, "skipped": 1, "passed": 0}
        known = self.results.get(report.nodeid)
        if known is None or worst[report.outcome] > worst[known]:
            self.results[report.nodeid] = report.outcome

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (requirement, test, result), in order."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for nodeid, ids in self.marks.items():
            for name in ids:
                found[name].append((nodeid, self.results.get(nodeid, "not run")))
        return [(name, *pair) for name in sorted(found) for pair in sorted(found[name])]


def main(arguments: list[str]) -> int:
    """Run the tests and print the matrix as tab-separated lines, then a sum."""
    matrix = Matrix()
    code = pytest.main(["-q", "-p", "no:randomly", *arguments], plugins=[matrix])
    rows = matrix.rows()
    print("requirement\ttest\tresult")
    for row in rows:
        print("\t".join(row))
    failed = sorted({name for name, _, result in rows if result != "passed"})
    print(
        f"{len({name for name, _, _ in rows})} requirements traced, {len(failed)} not passed: {failed}"
    )
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
