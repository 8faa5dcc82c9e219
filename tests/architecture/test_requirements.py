"""The trace: every requirement has its tests, and every test that names one names a row."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.validation.tracing import (
    ROOT,
    Requirement,
    faults,
    ids_in,
    marks_in,
    requirements,
    traced,
)

ROW = Requirement("X-01", "a clause", "Do it", "high", "proved", "test")
TESTS = {"tests.test_x::test_it": frozenset({"X-01"})}


@pytest.mark.requirement("A11-03", "GAMP-03")
def test_requirements_and_tests_know_each_other() -> None:
    assert faults(requirements(), traced()) == []


@pytest.mark.requirement("A11-03")
@pytest.mark.parametrize(
    ("table", "tests", "words"),
    [
        ([ROW], {}, "X-01 is called proved, and no test names it"),
        ([], TESTS, "X-01 is in no row of the table; it is named by tests.test_x::test_it"),
        ([ROW, ROW], TESTS, "X-01 stands 2 times in the table"),
        ([replace(ROW, proof="procedure")], TESTS, "X-01 is a high risk, and is not proved by a test"),
        ([replace(ROW, state="done")], TESTS, "X-01: done is none of proved, planned"),
        ([replace(ROW, demand="")], TESTS, "X-01: a row needs id, clause and demand"),
    ],
)  # fmt: skip
def test_a_broken_trace_is_named(
    table: list[Requirement], tests: dict[str, frozenset[str]], words: str
) -> None:
    assert faults(table, tests) == [words]


def test_a_planned_requirement_may_have_tests_and_needs_none() -> None:
    planned = replace(ROW, state="planned")
    assert faults([planned], TESTS) == []
    assert faults([planned], {}) == []


def test_marks_of_a_module_a_class_and_a_function_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_x.py").write_text(
        "pytestmark = [pytest.mark.django_db, pytest.mark.requirement('A')]\n"
        "@pytest.mark.requirement('B', 'C')\n"
        "def test_one(): ...\n"
        "def test_two(): ...\n"
        "@pytest.mark.requirement('D')\n"
        "class TestAll:\n"
        "    @pytest.mark.requirement('E')\n"
        "    async def test_three(self): ...\n"
    )
    assert traced(folder) == {
        "tests.test_x::test_one": {"A", "B", "C"},
        "tests.test_x::test_two": {"A"},
        "tests.test_x.TestAll::test_three": {"A", "D", "E"},
    }


def test_no_mark_is_overlooked() -> None:
    """A mark that stands elsewhere, or is made by a program, would be lost without a word."""
    read = set().union(*traced().values())
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text())
        assert ids_in(tree) <= read, path
        for mark in marks_in(tree):
            assert all(isinstance(one, ast.Constant) for one in mark.args), f"{path}:{mark.lineno}"
