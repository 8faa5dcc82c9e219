"""Small rooms, plain words: sizes, names and things that never stand in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("kernel", "audit", "supply", "recipes", "batches", "quality", "monitoring", "mes")
FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 400, 60, 150
# One file, because it leaves the house alone, in every package.
SHIPPED_ALONE = {"mes/packages/verify.py": 720}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "managers", "base"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or APPS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "node_modules" not in path.parts:
                yield path


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [
        shown(path)
        for path in sources(*APPS, "tests")
        if len(path.read_text().splitlines()) > SHIPPED_ALONE.get(shown(path), FILE_LINES)
    ]
    assert long == []


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_no_template_is_longer_than_a_hundred_and_fifty_lines() -> None:
    long = [
        shown(path)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if len(path.read_text().splitlines()) > TEMPLATE_LINES
    ]
    assert long == []


def test_no_room_is_a_junk_drawer() -> None:
    found = [shown(path) for path in sources() if path.stem in FORBIDDEN_NAMES]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        shown(path)
        for path in sources()
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def writes_in(path: Path) -> Iterator[int]:
    """Lines that call save, bulk_create, bulk_update, or update on a manager or query set."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        whole = ast.unparse(node.func)
        if (
            node.func.attr in ("bulk_create", "bulk_update")
            or (node.func.attr == "save" and "super()" not in whole and "session" not in whole)
            or (node.func.attr in ("update", "create", "get_or_create") and ".objects" in whole)
        ):
            yield node.lineno


def test_records_are_written_in_commands_only() -> None:
    # Signing is a command with a file of its own; a checkpoint and a session are no records, and a
    # report saves drawings.
    allowed = ("audit/signing.py", "audit/ledger.py", "audit/tasks.py")
    found = [
        f"{shown(path)}:{number}"
        for path in sources("audit", "supply", "recipes", "batches", "quality", "monitoring", "mes")
        if not {"commands", "reports"} & set(path.parts) and shown(path) not in allowed
        for number in writes_in(path)
    ]
    assert found == []


def test_the_clock_is_read_at_the_edges_only() -> None:
    reads = re.compile(
        r"timezone\.now\(|datetime\.now\(|datetime\.utcnow\(|date\.today\(|time\.time\("
    )
    edges = re.compile(r"^(audit/edges\.py|audit/api/|mes/|[a-z]+/management/|[a-z]+/tasks)")
    found = [
        f"{shown(path)}:{number}"
        for path in sources()
        if not edges.match(shown(path))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if reads.search(line)
    ]
    assert found == []


def test_rules_and_kernel_know_neither_django_nor_chance() -> None:
    forbidden = re.compile(r"^\s*(from|import) (django|random|secrets|rest_framework)\b")
    pure = [p for p in sources() if "rules" in p.parts or p.name in ("states.py",)]
    pure += [p for p in sources("kernel") if p.name not in ("transactions.py", "prepared.py")]
    found = [
        f"{shown(path)}:{number}"
        for path in pure
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if forbidden.match(line)
    ]
    assert found == []


@pytest.mark.requirement("SEC-03")
def test_templates_hold_no_inline_script_style_or_handler() -> None:
    inline = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script(?![^>]*\bsrc=)(?![^>]*application/json)",
        re.I,
    )
    found = [
        f"{shown(path)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if inline.search(line) and "json_script" not in line
    ]
    assert found == []


@pytest.mark.requirement("SEC-01", "SEC-05")
def test_nothing_is_marked_safe_and_no_text_is_evaluated() -> None:
    # format_html escapes its arguments; mark_safe does not.
    dangerous = re.compile(
        r"\bmark_safe\(|\|safe\b|\beval\(|\bexec\(|pickle\.loads?\(|autoescape off"
    )
    found = [
        f"{shown(path)}:{number}"
        for path in [*sources(), *sorted((ROOT / "templates").rglob("*.html"))]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if dangerous.search(line) and "noqa: S308 - our own constants" not in line
    ]
    assert found == []
