"""Tracing: the table of requirements, and the tests that name them, read from the sources."""

from __future__ import annotations

import ast
import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "validation" / "requirements.csv"
COLUMNS = ("id", "clause", "demand", "risk", "state", "proof")
RISKS = ("high", "medium", "low")
STATES = ("proved", "planned")
PROOFS = ("test", "procedure", "inspection")
MARK = "requirement"

# A test is named by its module and its function, without parameters: "tests.audit.test_keys::test_x".
Traced = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row of the table."""

    id: str
    clause: str
    demand: str
    risk: str
    state: str
    proof: str


def requirements(path: Path = TABLE) -> list[Requirement]:
    """Return the rows of the table, in its order."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if tuple(rows[0]) != COLUMNS:
        raise ValueError(f"{path.name} must have the columns {', '.join(COLUMNS)}")
    return [Requirement(*row) for row in rows[1:]]


def traced(folder: Path = ROOT / "tests") -> dict[str, frozenset[str]]:
    """Return the ids that each test names, its module's and its class's included."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = frozenset(
            name
            for node in tree.body
            if isinstance(node, ast.Assign) and _is_named(node, "pytestmark")
            for name in ids_in(node.value)
        )
        found.update(_tests_in(tree.body, module, whole))
    return found


def _is_named(node: ast.Assign, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in node.targets)


def _tests_in(
    body: Iterable[ast.stmt], place: str, from_above: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        ids = from_above.union(*(ids_in(one) for one in node.decorator_list))
        if isinstance(node, ast.ClassDef):
            if node.name.startswith("Test"):
                yield from _tests_in(node.body, f"{place}.{node.name}", ids)
        elif node.name.startswith("test_"):
            yield f"{place}::{node.name}", ids


def ids_in(node: ast.AST) -> frozenset[str]:
    """Return the ids that stand in the marks under a node."""
    return frozenset(
        argument.value
        for call in marks_in(node)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def marks_in(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the marks under a node."""
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == MARK
        ):
            yield call


def sources_digest(folder: Path = ROOT / "tests") -> str:
    """Return the SHA-256 over the programs of the tests: a result of other ones proves nothing."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def by_requirement(tests: Traced) -> dict[str, list[str]]:
    """Return the tests of each id, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests):
        for name in tests[test]:
            found[name].append(test)
    return found


def faults(table: Iterable[Requirement], tests: Traced) -> list[str]:
    """Return in words what breaks the trace from requirements to tests and back.

    A planned requirement may have tests already: then it is proved in part.
    """
    rows, named = list(table), by_requirement(tests)
    known = {row.id for row in rows}
    counted = Counter(row.id for row in rows)
    found = [
        f"{name} stands {count} times in the table" for name, count in counted.items() if count > 1
    ]
    for row in rows:
        found += [
            f"{row.id}: {name} is none of {', '.join(allowed)}"
            for name, allowed in ((row.risk, RISKS), (row.state, STATES), (row.proof, PROOFS))
            if name not in allowed
        ]
        if not (row.id and row.clause and row.demand):
            found.append(f"{row.id}: a row needs id, clause and demand")
        if row.state == "proved" and row.proof == "test" and row.id not in named:
            found.append(f"{row.id} is called proved, and no test names it")
        if row.state == "proved" and row.risk == "high" and row.proof != "test":
            found.append(f"{row.id} is a high risk, and is not proved by a test")
    found += [
        f"{name} is in no row of the table; it is named by {named[name][0]}"
        for name in sorted(set(named) - known)
    ]
    return found
