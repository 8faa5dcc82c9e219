"""Steps that leave something behind beside a value: a photo, a file, printed labels.

Sources: 21 CFR 211.125 (labels issued, used, returned and destroyed are reconciled), 211.188(b)(8)
(specimen or copy of all labeling used, in the batch record).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from recipes.rules.steps import Step

FileSort = Literal["image", "pdf", "csv"]
FILE_SORTS: tuple[FileSort, ...] = ("image", "pdf", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep(Step):
    """A photo is taken or a file handed in; ``accept`` is what it may be."""

    kind: ClassVar[str] = "file"
    accept: tuple[FileSort, ...] = FILE_SORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStep(Step):
    """Labels are printed from a specimen of the recipe, and each of them is accounted for."""

    kind: ClassVar[str] = "label"
    label: str
    copies: int
