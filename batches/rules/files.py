"""Files and labels: what a file is by its bytes, and whether every label is accounted for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batches.rules.verdicts import Judged
from kernel.errors import FieldError, Invalid
from recipes.rules.file_steps import FileSort

MOST_LABELS = 200
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
ENDINGS: dict[FileSort, str] = {"image": "jpg", "pdf": "pdf", "csv": "csv"}
TYPES: dict[FileSort, str] = {
    "image": "image/jpeg",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
}


def sort_of(content: bytes) -> FileSort | None:
    """Return what a file is, decided by its bytes and never by its name; None for anything else."""
    if content.startswith(_PICTURES):
        return "image"
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]:
        return "pdf"
    return "csv" if _is_table(content) else None


def _is_table(content: bytes) -> bool:
    """Say whether this is text in lines with separators, and nothing that a browser would run."""
    if not content.strip() or _CONTROL.search(content) or content.lstrip().startswith(b"<"):
        return False
    try:
        first = content.decode("utf-8-sig").lstrip().splitlines()[0]
    except UnicodeDecodeError:
        return False
    return any(mark in first for mark in ",;\t")


def file_name(name: str, sort: FileSort) -> str:
    """Return the name under which a file is kept: no path, plain characters, the true ending."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    plain = _UNSAFE.sub("-", stem).strip("-.")[:60] or "file"
    return f"{plain}.{ENDINGS[sort]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What became of labels that were printed; the four add up to what was issued."""

    issued: int
    used: int
    destroyed: int
    returned: int
    missing: int

    def words(self) -> str:
        """Return the four numbers as they are signed."""
        return (
            f"{self.used} used, {self.destroyed} destroyed, {self.returned} returned,"
            f" {self.missing} missing"
        )


def reconciled(entered: str, *, issued: int) -> Reconciled:
    """Return what became of the labels.

    Args:
        entered: used, destroyed, returned and missing, as "3,1,0,0"; what is left out is none.
        issued: how many were printed in all.

    Raises:
        Invalid: one is no number, or they do not add up to what was issued (21 CFR 211.125).
    """
    parts = [one.strip() for one in entered.split(",")]
    numbers = [int(one or 0) for one in parts if not one or (one.isascii() and one.isdigit())]
    if len(parts) > 4 or len(numbers) < len(parts) or max(numbers) > MOST_LABELS * 100:
        raise Invalid("Four whole numbers are needed.", pointer="/value", code="not_a_number")
    used, destroyed, returned, missing = (*numbers, 0, 0, 0, 0)[:4]
    found = Reconciled(
        issued=issued, used=used, destroyed=destroyed, returned=returned, missing=missing
    )
    total = used + destroyed + returned + missing
    if total != issued:
        told = f"{issued} were printed, {total} are accounted for{_beyond(issued - total)}."
        fault = FieldError(pointer="/value", code="not_reconciled", detail=told)
        raise Invalid(
            f"Every label is accounted for: {told}", code="not_reconciled", errors=[fault]
        )
    return found


def _beyond(lacking: int) -> str:
    if lacking < 0:
        return ""
    return f": {lacking} {'is' if lacking == 1 else 'are'} missing"


def judged_labels(found: Reconciled) -> Judged:
    """Return what is said of a reconciliation: a label nobody can find is a critical exception."""
    if not found.missing:
        return Judged(word="ok")
    one = "label is" if found.missing == 1 else "labels are"
    return Judged(
        word="missing",
        reason=f"{found.missing} {one} missing",
        exception_kind="label_missing",
        severity="critical",
    )
