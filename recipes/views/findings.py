"""What is wrong with a version, as the designer shows it: a severity, a sentence, and its place."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.errors import FieldError
from recipes.models import RecipeVersion
from recipes.queries import document_of, newer_entries, origins_of
from recipes.rules import lint
from recipes.rules.shapes import nearest_place

SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; ``place`` is the pointer of the part of the outline that holds it."""

    severity: str
    code: str
    pointer: str
    detail: str
    place: str


def lint_of(version: RecipeVersion) -> list[Finding]:
    """Return the findings of a version, the gravest first."""
    wrong, changed = origins_of(version)
    newer = [
        FieldError(
            pointer=pointer,
            code="newer_in_library",
            detail=f"The library has {name}, which is newer than what is inserted here.",
        )
        for pointer, name in newer_entries(version.document).items()
    ]
    found = lint.with_origins(lint.lint(document_of(version)), wrong, [*changed, *newer])
    return [_finding(version, one) for one in found]


def _finding(version: RecipeVersion, one: lint.Finding) -> Finding:
    return Finding(
        severity=one.severity,
        code=one.code,
        pointer=one.pointer,
        detail=one.detail,
        place=nearest_place(version.document, one.pointer).pointer,
    )


def counted(findings: list[Finding]) -> list[tuple[str, int]]:
    """Return how many findings there are of each severity."""
    counts = [(one, sum(each.severity == one for each in findings)) for one in SEVERITIES]
    return [(name, count) for name, count in counts if count]
