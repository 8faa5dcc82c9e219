"""The matrix: each requirement with its tests, their results and a verdict; each clause likewise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.validation.results import Outcome
from tests.validation.tracing import Requirement, Traced, by_requirement

NOT_RUN = Outcome("not run", 0.0, 0)
# Parts of the law with a table of their own, by how their clauses begin.
LAWS = {
    "21 CFR Part 11": "21 CFR 11.",
    "EU GMP Annex 11 (2011)": "Annex 11, ",
    "EU GMP Annex 11, draft of 2025": "Annex 11 draft, ",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A requirement, its tests with their results, and what they come to."""

    requirement: Requirement
    tests: tuple[tuple[str, Outcome], ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a law, and what its requirements come to."""

    clause: str
    rows: tuple[Judged, ...]
    verdict: str


def matrix(
    table: Iterable[Requirement], tests: Traced, outcomes: Mapping[str, Outcome]
) -> list[Judged]:
    """Return every requirement with what its tests come to."""
    named = by_requirement(tests)
    judged = []
    for row in table:
        found = tuple((name, outcomes.get(name, NOT_RUN)) for name in named.get(row.id, ()))
        judged.append(Judged(row, found, verdict_of(row, [one.result for _, one in found])))
    return judged


def verdict_of(row: Requirement, results: list[str]) -> str:
    """Return what the results of a requirement's tests come to.

    proved: all its tests passed. partly: planned, and all the tests there are passed. planned: no
    test yet. by procedure, by inspection: proved elsewhere. failed: anything else. A test that was
    skipped, as where published data are not at hand, proves nothing and is listed.
    """
    if not set(results) <= {"passed", "skipped"}:
        return "failed"
    if row.state == "planned":
        return "partly" if "passed" in results else "planned"
    if row.proof != "test":
        return f"by {row.proof}"
    return "proved" if "passed" in results else "failed"


def clauses(judged: Iterable[Judged], begins: str) -> list[Clause]:
    """Return the clauses of one law, in the order of the table."""
    found: dict[str, list[Judged]] = {}
    for one in judged:
        if one.requirement.clause.startswith(begins):
            found.setdefault(one.requirement.clause, []).append(one)
    return [
        Clause(name, tuple(rows), clause_verdict([one.verdict for one in rows]))
        for name, rows in found.items()
    ]


def clause_verdict(verdicts: list[str]) -> str:
    """Return what the requirements of a clause come to."""
    if "failed" in verdicts:
        return "failed"
    if all(one == "planned" for one in verdicts):
        return "open"
    return "partly" if {"planned", "partly"} & set(verdicts) else "covered"
