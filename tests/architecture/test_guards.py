"""The table of guards names tests and lines that are there; `make guards` takes them out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.guards import ROOT, Guard, guards


def marked(path: Path) -> dict[str, set[str]]:
    """Return the requirements of each test of a file; those of the whole file stand under ''."""
    found: dict[str, set[str]] = {"": set()}
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            found[""] |= ids_in(node.value)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found[node.name] = {one for each in node.decorator_list for one in ids_in(each)}
    return found


def ids_in(node: ast.AST) -> set[str]:
    """Return what ``pytest.mark.requirement`` is given somewhere below."""
    return {
        str(argument.value)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.requirement"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


@pytest.mark.requirement("A11-03")
@pytest.mark.parametrize("guard", guards(), ids=lambda one: one.requirement)
def test_a_guard_names_its_test_and_its_lines(guard: Guard) -> None:
    file, _, name = guard.test.partition("::")
    tests = marked(ROOT / file)
    assert name in tests, f"there is no {guard.test}"
    assert guard.requirement in tests[""] | tests[name]
    assert guard.cuts
    for cut in guard.cuts:
        assert (ROOT / cut.file).read_text().count(cut.held_by) == 1, f"{cut.file}: {cut.held_by}"
        assert cut.held_by != cut.without
