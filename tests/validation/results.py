"""Results: how tests ended, read from the JUnit files that a finished run of pytest wrote."""

from __future__ import annotations

import xml.etree.ElementTree as tree
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _pytest.junitxml import xml_key

# Worst last: of the parameters of a test the worst counts.
OUTCOMES = ("passed", "skipped", "failed")
BUILD, SOURCES = "onelot.build", "onelot.tests"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended, over all its parameters."""

    result: str
    seconds: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What one file says: which build and which tests ran, when, and how each test ended."""

    file: Path
    build: str
    sources: str
    at: str
    tests: dict[str, Outcome]


def tell_build(config: Any, build: str, sources: str) -> None:
    """Write the digests of build and tests into the file of this run, if it writes one."""
    xml = config.stash.get(xml_key, None)
    if xml is not None:
        xml.add_global_property(BUILD, build)
        xml.add_global_property(SOURCES, sources)


def files_in(places: Iterable[Path]) -> list[Path]:
    """Return the files that were named, and those in the folders that were."""
    return [
        file
        for place in places
        for file in (sorted(place.glob("*.xml")) if place.is_dir() else [place])
    ]


def read_run(file: Path) -> Run:
    """Read one file.

    Raises:
        ValueError: it is no record of a run.
    """
    try:
        root = tree.parse(file).getroot()
    except (OSError, tree.ParseError) as error:
        raise ValueError(f"{file} is no record of a run of pytest: {error}") from None
    told = {one.get("name"): one.get("value", "") for one in root.iter("property")}
    found: dict[str, Outcome] = {}
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}::{str(case.get('name')).partition('[')[0]}"
        one = Outcome(_result(case), float(case.get("time") or 0))
        found[name] = worse(found[name], one) if name in found else one
    suites = [one.get("timestamp", "") for one in root.iter("testsuite")]
    at = min(suites, default="")
    return Run(file, told.get(BUILD, ""), told.get(SOURCES, ""), at, found)


def _result(case: tree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def worse(one: Outcome, other: Outcome) -> Outcome:
    """Return two outcomes as one."""
    result = max(one.result, other.result, key=OUTCOMES.index)
    return replace(
        one, result=result, seconds=one.seconds + other.seconds, count=one.count + other.count
    )


def joined(runs: Iterable[Run]) -> dict[str, Outcome]:
    """Return how each test ended, over all runs."""
    found: dict[str, Outcome] = {}
    for run in runs:
        for name, one in run.tests.items():
            found[name] = worse(found[name], one) if name in found else one
    return found
