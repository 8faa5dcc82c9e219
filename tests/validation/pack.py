"""The validation pack: what was asked for, how it was tested, and what that came to, as files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mes.build import build_digest, file_digest, product_version, source_commit
from tests.validation.matrix import LAWS, Judged, clauses, matrix
from tests.validation.paper import drawn
from tests.validation.results import Run, joined
from tests.validation.tracing import (
    ROOT,
    TABLE,
    Requirement,
    Traced,
    faults,
    requirements,
    sources_digest,
    traced,
)

FORMAT = "onelot-validation-1"
TESTED = ("test", "result", "count", "seconds")
LOCKS = ("requirements.txt", "requirements-dev.txt", "package-lock.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a pack is made from: it all comes from here, so that a test can give another."""

    table: list[Requirement]
    tests: Traced
    runs: list[Run]
    build: str
    sources: str


def basis_of(runs: list[Run]) -> Basis:
    """Return the basis of a pack of this build."""
    return Basis(
        table=requirements(TABLE),
        tests=traced(),
        runs=runs,
        build=build_digest(),
        sources=sources_digest(),
    )


def document_of(basis: Basis, *, at: datetime, by: str) -> dict[str, Any]:
    """Return everything the pack says, in plain terms."""
    outcomes = joined(basis.runs)
    judged = matrix(basis.table, basis.tests, outcomes)
    issues = issues_of(basis, judged)
    results = Counter(one.result for one in outcomes.values())
    return {
        "format": FORMAT,
        "made_at": at.isoformat(timespec="seconds"),
        "made_by": by,
        "version": product_version(),
        "build": basis.build,
        "commit": source_commit(),
        "source": source_digest(),
        "locks": {name: file_digest(ROOT / name) for name in LOCKS},
        "platform": f"{platform.platform()}, Python {platform.python_version()}",
        "runs": [
            {
                "file": run.file.name,
                "sha256": file_digest(run.file),
                "build": run.build,
                "at": run.at,
                "tests": len(run.tests),
            }
            for run in basis.runs
        ],
        "counts": {
            "requirements": Counter(one.verdict for one in judged),
            "tests": {
                "passed": results["passed"],
                "skipped": results["skipped"],
                "failed": results["failed"],
            },
        },
        "requirements": [plain(one) for one in judged],
        "laws": {
            law: [
                {
                    "clause": one.clause,
                    "verdict": one.verdict,
                    "requirements": [row.requirement.id for row in one.rows],
                }
                for one in clauses(judged, begins)
            ]
            for law, begins in LAWS.items()
        },
        "issues": issues,
        "passed": not issues,
    }


def plain(one: Judged) -> dict[str, Any]:
    """Return a judged requirement in plain terms."""
    return {
        **asdict(one.requirement),
        "verdict": one.verdict,
        "tests": [{"test": name, **asdict(outcome)} for name, outcome in one.tests],
    }


def issues_of(basis: Basis, judged: Iterable[Judged]) -> list[str]:
    """Return in words whatever stands against this build."""
    found = faults(basis.table, basis.tests)
    for run in basis.runs:
        if run.build != basis.build:
            known = f"build {run.build[:16]}" if run.build else "an unknown build"
            found.append(f"{run.file.name} is the result of {known}, not of {basis.build[:16]}")
        elif run.sources != basis.sources:
            found.append(f"{run.file.name} is the result of other tests than those that are here")
    if not basis.runs:
        found.append("there is no result of any run")
    for one in judged:
        wrong = [
            f"{name} {outcome.result}"
            for name, outcome in one.tests
            if outcome.result not in ("passed", "skipped")
        ]
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        if one.verdict == "failed":
            told = ", ".join(wrong[:3]) or "none of its tests ran"
            found.append(f"{one.requirement.id} is not proved: {told}{more}")
    # A failed test that names no requirement stands against the build as well.
    return found + [
        f"{name} failed, and names no requirement"
        for name, one in sorted(joined(basis.runs).items())
        if one.result == "failed" and not basis.tests.get(name)
    ]


def source_digest() -> str:
    """Return the SHA-256 over all tracked files, tests and documentation too; empty without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    whole = hashlib.sha256()
    names = sorted(name for name in listed.stdout.split("\0") if name)
    for name in names:
        whole.update(f"{file_digest(ROOT / name)}  {name}\n".encode())
    return whole.hexdigest() if names else ""


def files_of(document: dict[str, Any], runs: list[Run]) -> dict[str, bytes]:
    """Return the files of the pack: {name: content}."""
    files = {
        "validation.pdf": drawn(document),
        "validation.json": (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(),
        "requirements.csv": requirements_csv(document),
        "trace.csv": trace_csv(document),
        "clauses.csv": clauses_csv(document),
    }
    files["sbom.cdx.json"] = subprocess.run(
        [sys.executable, "setup/sbom.py"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for run in runs:
        files[f"results/{run.file.name}"] = run.file.read_bytes()
    return files


def requirements_csv(document: dict[str, Any]) -> bytes:
    """Return the requirements with their verdicts."""
    names = ("id", "clause", "demand", "risk", "state", "proof", "verdict")
    rows = [
        [*(one[name] for name in names), len(one["tests"]), round(seconds_of(one), 3)]
        for one in document["requirements"]
    ]
    return _csv([*names, "tests", "seconds"], rows)


def seconds_of(one: dict[str, Any]) -> float:
    """Return how long the tests of a requirement took."""
    return float(sum(test["seconds"] for test in one["tests"]))


def trace_csv(document: dict[str, Any]) -> bytes:
    """Return requirement, test and result, line by line."""
    told = [document["version"], document["build"], document["commit"]]
    rows = [
        [one["id"], one["risk"], *(test[name] for name in TESTED), *told]
        for one in document["requirements"]
        for test in one["tests"]
    ]
    names = ["requirement", "risk", *TESTED, "version", "build", "commit"]
    return _csv(names, rows)


def clauses_csv(document: dict[str, Any]) -> bytes:
    """Return the clauses of the laws with their verdicts."""
    rows = [
        [law, one["clause"], " ".join(one["requirements"]), one["verdict"]]
        for law, found in document["laws"].items()
        for one in found
    ]
    return _csv(["law", "clause", "requirements", "verdict"], rows)


def _csv(names: list[str], rows: Iterable[list[Any]]) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return made.getvalue().encode()


def written(files: dict[str, bytes], folder: Path) -> Path:
    """Write the files, their digests, and all of it as one zip beside the folder; return the zip."""
    listed = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    )
    whole = {**files, "SHA256SUMS": listed.encode()}
    for name, content in whole.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    packed = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in sorted(whole.items()):
            container.writestr(
                zipfile.ZipInfo(f"{folder.name}/{name}"), content, zipfile.ZIP_DEFLATED
            )
    return packed
