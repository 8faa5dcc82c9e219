"""The protocol on paper: what stands first is what fails."""

from __future__ import annotations

from typing import Any

from batches.reports.paper import Column, Edges, Look, Paper
from batches.reports.signed import signed
from batches.reports.words import shown_time

LOOKS: dict[str, Look] = {"pass": "good", "fail": "stop", "judge": "attention"}
WORDS = {"pass": "Pass", "fail": "FAIL", "judge": "To judge"}
COLUMNS = (
    Column(name="Part", share=0.11, look="faint"),
    Column(name="What", share=0.28, look="bold"),
    Column(name="Expected", share=0.25),
    Column(name="Found", share=0.26),
    Column(name="Verdict", share=0.1),
)


def pdf_of(protocol: dict[str, Any]) -> bytes:
    """Return the protocol as a PDF with the house's signature in it."""
    return signed(drawn(protocol), reason="Qualification of an installation")


def drawn(protocol: dict[str, Any]) -> bytes:
    """Return the protocol as a PDF."""
    at = shown_time(protocol["at"])
    title = f"Qualification of OneLot {protocol['version']} on {protocol['host']}"
    paper = Paper(
        Edges(
            title=title,
            head_left="OneLot: installation and operational qualification",
            head_right=f"{protocol['host']}, {at}",
            foot=f"build {protocol['build'][:32]}",
            subject="Qualification protocol",
        )
    )
    paper.heading(title, size=16)
    counts = protocol["counts"]
    verdict = "PASSED" if protocol["passed"] else f"NOT PASSED: {counts['fail']} lines fail"
    paper.text(verdict, look="good" if protocol["passed"] else "stop", size=12)
    paper.text(
        f"{counts['pass']} lines pass, {counts['fail']} fail, and {counts['judge']} are left to the"
        " judgment of the site: there the software can say what it found, and not whether it is right."
    )
    for words in (
        f"Made {at} on {protocol['host']} by manage.py qualify.",
        f"Build {protocol['build']}, commit {protocol['commit'] or 'not known here'}.",
        f"Configuration {protocol['configuration']}, schema {protocol['schema']}.",
    ):
        paper.text(words, look="faint")
    lines = [one for part in protocol["parts"].values() for one in part]
    section(paper, "What fails", [one for one in lines if one["verdict"] == "fail"])
    section(paper, "To be judged by the site", [one for one in lines if one["verdict"] == "judge"])
    for name, part in protocol["parts"].items():
        section(paper, name, part)
    approvals(paper)
    return paper.finished()


def section(paper: Paper, name: str, lines: list[dict[str, Any]]) -> None:
    """Set some lines as a table."""
    paper.heading(name, key=name.lower().replace(" ", "-"))
    paper.table(
        COLUMNS,
        [
            (
                one["part"],
                one["what"],
                one["expected"],
                one["found"],
                [(WORDS[one["verdict"]], LOOKS[one["verdict"]])],
            )
            for one in lines
        ],
    )


def approvals(paper: Paper) -> None:
    """Leave room for the names of those who accept the protocol."""
    paper.heading("Accepted by", key="accepted")
    paper.table(
        (
            Column(name="Role", share=0.28, look="bold"),
            Column(name="Name", share=0.28),
            Column(name="Date", share=0.16),
            Column(name="Signature", share=0.28),
        ),
        [
            (f"{role}\n\n", "", "", "")
            for role in ("Executed", "Reviewed", "Approved, quality unit")
        ],
    )
