"""The validation pack as a document that a person reads: verdict, clauses, requirements, tests."""

from __future__ import annotations

from typing import Any

from batches.reports.paper import Cell, Column, Edges, Look, Paper

LOOKS: dict[str, Look] = {
    "proved": "good", "covered": "good", "passed": "good", "failed": "stop", "not run": "stop",
    "skipped": "stop", "partly": "attention", "open": "attention", "planned": "faint",
}  # fmt: skip
WORDS = (
    "Proved: every test of the requirement passed on this build. Partly: planned, and the tests that"
    " there are passed. Planned: not tested yet, not claimed. Failed: a test failed or did not run.",
    "Covered says that each requirement of ours under a clause is proved. What a clause asks of the"
    " organization (procedures, training, letters) stays with it.",
)


def drawn(document: dict[str, Any]) -> bytes:
    """Return the document as a PDF."""
    title = f"Validation pack of OneLot {document['version']}"
    build = document["build"]
    paper = Paper(
        Edges(
            title=title,
            head_left=title,
            head_right=document["made_at"],
            foot=f"build {build[:32]}",
            subject="Requirements, tests and results",
        )
    )
    paper.heading(title, size=16)
    issues = document["issues"]
    verdict = "PASSED" if document["passed"] else f"NOT PASSED: {len(issues)} issues"
    paper.text(verdict, look="good" if document["passed"] else "stop", size=12)
    told = document["counts"]
    paper.text(
        "Requirements: "
        + counted(told["requirements"])
        + ". Tests: "
        + counted(told["tests"])
        + "."
    )
    commit, source = document["commit"] or "unknown", document["source"] or "unknown"
    for words in (
        f"Made {document['made_at']} by {document['made_by'] or 'nobody named'}"
        f" on {document['platform']}.",
        f"Build {build}. An installation of it shows the same digest when it is qualified.",
        f"Commit {commit}. All tracked files {source}.",
        *(f"{name}: {digest}" for name, digest in document["locks"].items()),
        *WORDS,
    ):
        paper.text(words, look="faint")
    runs(paper, document)
    paper.heading("Issues", key="issues")
    paper.table((Column(name="Issue", share=1, look="stop"),), [(one,) for one in issues])
    by_id = {one["id"]: one for one in document["requirements"]}
    for law, rows in document["laws"].items():
        law_table(paper, law, rows, by_id)
    requirements_table(paper, document["requirements"])
    tests_table(paper, document["requirements"])
    return paper.finished()


def counted(counts: dict[str, int]) -> str:
    """Return counts as words."""
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def verdict_cell(verdict: str) -> Cell:
    """Return a verdict with its look."""
    return [(verdict, LOOKS.get(verdict, ""))]


def runs(paper: Paper, document: dict[str, Any]) -> None:
    """Set which results were taken."""
    paper.heading("Results taken", size=9)
    paper.table(
        (
            Column(name="File", share=0.22, look="bold"), Column(name="Run at", share=0.22),
            Column(name="Tests", share=0.1), Column(name="SHA-256", share=0.46, look="mono"),
        ),
        [(one["file"], one["at"][:19], str(one["tests"]), one["sha256"]) for one in document["runs"]],
    )  # fmt: skip


def law_table(
    paper: Paper, law: str, rows: list[dict[str, Any]], by_id: dict[str, dict[str, Any]]
) -> None:
    """Set a law clause by clause: requirement, tests, result, verdict."""
    paper.heading(f"{law}, clause by clause", key=law)
    paper.table(
        (
            Column(name="Clause", share=0.18, look="bold"), Column(name="Requirements", share=0.46),
            Column(name="Tests", share=0.24), Column(name="Verdict", share=0.12),
        ),
        [
            (
                one["clause"],
                [(f"{name}: {by_id[name]['demand']}", "") for name in one["requirements"]],
                [(tests_in_words(by_id[name]), "") for name in one["requirements"]],
                verdict_cell(one["verdict"]),
            )
            for one in rows
        ],
    )  # fmt: skip


def tests_in_words(one: dict[str, Any]) -> str:
    """Return how many tests a requirement has, and how many passed."""
    passed = sum(test["result"] == "passed" for test in one["tests"])
    told = f"{passed} of {len(one['tests'])} passed" if one["tests"] else "no test"
    return f"{one['id']}: {told}, {one['verdict']}"


def requirements_table(paper: Paper, rows: list[dict[str, Any]]) -> None:
    """Set every requirement."""
    paper.heading("User requirements", key="requirements")
    paper.table(
        (
            Column(name="Id", share=0.09, look="bold"), Column(name="Source", share=0.2),
            Column(name="What the software must do", share=0.41), Column(name="Risk", share=0.08),
            Column(name="Tests", share=0.1), Column(name="Verdict", share=0.12),
        ),
        [
            (
                one["id"], one["clause"], one["demand"], one["risk"], str(len(one["tests"])),
                verdict_cell(one["verdict"]),
            )
            for one in rows
        ],
    )  # fmt: skip


def tests_table(paper: Paper, rows: list[dict[str, Any]]) -> None:
    """Set every requirement with each of its tests."""
    paper.heading("Trace: requirement, test, result", key="trace")
    paper.table(
        (
            Column(name="Id", share=0.09, look="bold"), Column(name="Test", share=0.65),
            Column(name="Cases", share=0.07), Column(name="Seconds", share=0.09),
            Column(name="Result", share=0.1),
        ),
        (
            (
                one["id"], spoken(test["test"]), str(test["count"]), f"{test['seconds']:.2f}",
                verdict_cell(test["result"]),
            )
            for one in rows
            for test in one["tests"]
        ),
    )  # fmt: skip


def spoken(name: str) -> Cell:
    """Return a test as a sentence, and where it stands."""
    module, _, function = name.partition("::")
    return [(function.removeprefix("test_").replace("_", " "), ""), (module, "faint")]
