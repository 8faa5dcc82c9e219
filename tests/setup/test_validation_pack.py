"""The validation pack: whatever is not proved on this build is named, and the exit code is 1."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.validation.matrix import clauses, matrix
from tests.validation.pack import Basis, basis_of, document_of, files_of, written
from tests.validation.results import Outcome, files_in, read_run
from tests.validation.tracing import ROOT, Requirement

pytestmark = pytest.mark.requirement("A11-02", "A11-03", "GAMP-04", "M44")

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROWS = [
    Requirement("P11-A", "21 CFR 11.10(a)", "Do the first", "high", "proved", "test"),
    Requirement("P11-B", "21 CFR 11.10(a)", "Do the second", "low", "planned", "test"),
    Requirement("A11-A", "Annex 11, 1", "Do the third", "medium", "proved", "test"),
    Requirement("X-A", "Own", "Train people", "low", "proved", "procedure"),
]
TESTS = {
    "tests.test_x::test_first": frozenset({"P11-A"}),
    "tests.test_x::test_both": frozenset({"P11-A", "A11-A"}),
}
RECORD = """<?xml version="1.0"?><testsuites><testsuite timestamp="2026-11-23T11:00:00+00:00">
<properties><property name="onelot.build" value="b1"/>
<property name="onelot.tests" value="t1"/></properties>
<testcase classname="tests.test_x" name="test_first[1-2]" time="0.25"/>
<testcase classname="tests.test_x" name="test_first[a]b]" time="0.50"/>
<testcase classname="tests.test_x" name="test_both" time="1.00"/>
</testsuite></testsuites>"""


def basis(folder: Path, record: str = RECORD, **changes: Any) -> Basis:
    file = folder / "results.xml"
    file.write_text(record)
    whole = Basis(table=ROWS, tests=TESTS, runs=[read_run(file)], build="b1", sources="t1")
    return replace(whole, **changes)


def document(made: Basis) -> dict[str, Any]:
    return document_of(made, at=AT, by="Vera Example")


def ended(test: str, how: str) -> str:
    """The record of a run in which a test ended otherwise."""
    return RECORD.replace(
        f'name="{test}" time="1.00"/>', f'name="{test}" time="1.00">{how}</testcase>'
    )


def test_a_run_in_which_all_passed_proves_what_the_table_says(tmp_path: Path) -> None:
    told = document(basis(tmp_path))
    assert (told["issues"], told["passed"]) == ([], True)
    verdicts = {one["id"]: one["verdict"] for one in told["requirements"]}
    assert verdicts == {
        "P11-A": "proved",
        "P11-B": "planned",
        "A11-A": "proved",
        "X-A": "by procedure",
    }
    first = told["requirements"][0]["tests"]
    assert first[1] == {
        "test": "tests.test_x::test_first",
        "result": "passed",
        "seconds": 0.75,
        "count": 2,
    }


@pytest.mark.parametrize("how", ["<failure/>", "<error/>"])
def test_a_failed_test_fails_its_requirements_and_their_clauses(tmp_path: Path, how: str) -> None:
    told = document(basis(tmp_path, ended("test_both", how)))
    assert told["issues"] == [
        "P11-A is not proved: tests.test_x::test_both failed",
        "A11-A is not proved: tests.test_x::test_both failed",
    ]
    assert [one["verdict"] for law in told["laws"].values() for one in law] == ["failed", "failed"]


def test_a_test_that_did_not_run_fails_its_requirement(tmp_path: Path) -> None:
    record = RECORD.replace('<testcase classname="tests.test_x" name="test_both" time="1.00"/>', "")
    assert document(basis(tmp_path, record))["issues"][1] == (
        "A11-A is not proved: tests.test_x::test_both not run"
    )


def test_a_skipped_test_proves_nothing_alone_and_hurts_nothing_beside_others(
    tmp_path: Path,
) -> None:
    told = document(basis(tmp_path, ended("test_both", "<skipped/>")))
    assert told["issues"] == ["A11-A is not proved: none of its tests ran"]
    assert told["requirements"][0]["verdict"] == "proved"


def test_a_failed_test_without_a_requirement_stands_against_the_build(tmp_path: Path) -> None:
    more = '<testcase classname="tests.test_y" name="test_z"><failure/></testcase></testsuite>'
    told = document(basis(tmp_path, RECORD.replace("</testsuite>", more)))
    assert told["issues"] == ["tests.test_y::test_z failed, and names no requirement"]


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"build": "b2"}, "results.xml is the result of build b1, not of b2"),
        ({"sources": "t2"}, "results.xml is the result of other tests than those that are here"),
        (
            {"table": ROWS[1:]},
            "P11-A is in no row of the table; it is named by tests.test_x::test_both",
        ),
    ],
)
def test_results_of_another_build_prove_nothing(
    tmp_path: Path, changes: dict[str, Any], issue: str
) -> None:
    assert document(basis(tmp_path, **changes))["issues"] == [issue]


def test_without_any_result_nothing_is_proved(tmp_path: Path) -> None:
    assert "there is no result of any run" in document(basis(tmp_path, runs=[]))["issues"]


def test_a_clause_is_covered_partly_covered_or_open() -> None:
    passed = {name: Outcome("passed", 0.1) for name in TESTS}
    planned = [replace(one, state="planned") for one in ROWS]
    assert [one.verdict for one in clauses(matrix(ROWS, TESTS, passed), "21 CFR 11.")] == ["partly"]
    assert [one.verdict for one in clauses(matrix(ROWS, TESTS, passed), "Annex 11, ")] == [
        "covered"
    ]
    assert [one.verdict for one in clauses(matrix(planned, {}, {}), "21 CFR 11.")] == ["open"]


def test_the_pack_is_read_by_people_and_programs_and_its_digests_are_right(tmp_path: Path) -> None:
    made = basis(tmp_path)
    packed = written(files_of(document(made), made.runs), tmp_path / "pack")
    with zipfile.ZipFile(packed) as opened:
        files = {name.removeprefix("pack/"): opened.read(name) for name in opened.namelist()}
    sums = dict(reversed(row.split("  ")) for row in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert files["results/results.xml"].decode() == RECORD
    assert json.loads(files["sbom.cdx.json"])["bomFormat"] == "CycloneDX"
    told = json.loads(files["validation.json"])
    assert (told["build"], told["made_by"], len(told["locks"])) == ("b1", "Vera Example", 3)
    trace = list(csv.DictReader(files["trace.csv"].decode().splitlines()))
    assert [(one["requirement"], one["result"], one["build"]) for one in trace] == [
        ("P11-A", "passed", "b1"), ("P11-A", "passed", "b1"), ("A11-A", "passed", "b1"),
    ]  # fmt: skip
    text = "".join(
        page.extract_text() for page in PdfReader(BytesIO(files["validation.pdf"])).pages
    )
    for words in ("PASSED", "21 CFR 11.10(a)", "P11-A: Do the first", "1.00", "Annex 11, 1"):
        assert words in text


def test_the_command_takes_a_finished_run_and_says_by_its_exit_code_what_it_came_to(
    tmp_path: Path,
) -> None:
    def made(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.trace", *arguments, "--out", str(tmp_path / "out")],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    record = tmp_path / "few.xml"
    few = "tests/kernel/test_quantities.py"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={record}", few],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    here, run = basis_of([]), read_run(record)
    assert (run.build, run.sources) == (here.build, here.sources)
    code, told, _ = made("--results", str(tmp_path))
    assert (code, "NOT passed" in told, "few.xml is the result" in told) == (1, True, False)
    assert "DI-05 is not proved" in told
    assert list((tmp_path / "out").glob("onelot-*.zip"))
    (tmp_path / "noise.xml").write_text("no record")
    code, told, refused = made("--results", str(tmp_path / "noise.xml"))
    assert (code, told) == (1, "")
    assert "is no record of a run of pytest" in refused
    assert files_in([tmp_path]) == [record, tmp_path / "noise.xml"]
