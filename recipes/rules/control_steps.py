"""Steps that control the making: a procedure at hand, a sample, a result and its specification.

Sources: 21 CFR 211.110 (in-process controls), 211.188(b)(5), (b)(6) and (b)(10) (their results, the
inspection of the area before and after, and any sampling, in the batch record), 211.194(a) (method
and specification of each test).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from recipes.rules.laboratory import Laboratory
from recipes.rules.steps import ConfirmStep, NumberStep, Step

ClearanceStage = Literal["before", "after"]
CLEARANCE_STAGES: tuple[ClearanceStage, ...] = ("before", "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanDocumentStep(Step):
    """The code of a written procedure is scanned: this document, in the version the recipe follows."""

    kind: ClassVar[str] = "scan_document"
    document: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineClearanceStep(ConfirmStep):
    """Nothing of another batch is in the area: looked at point by point, before or after."""

    kind: ClassVar[str] = "line_clearance"
    stage: ClearanceStage
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleStep(Step):
    """A sample is taken at a point of the process; with a ``material``, from a lot of that material."""

    kind: ClassVar[str] = "sample"
    point: str
    quantity: Decimal
    unit: str
    container: str = ""
    material: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlStep(NumberStep):
    """The result of a test is entered; ``soft`` is its specification, ``hard`` what can be at all.

    ``sample`` names the step that took the sample; ``repeats`` is how often the test may be done
    again, each time with a reason and a second person: no result ever replaces another. With a
    ``laboratory`` it keeps a whole laboratory record, which a second person reviews.
    """

    kind: ClassVar[str] = "in_process_control"
    test: str
    method: str
    sample: str | None = None
    repeats: int = 0
    laboratory: Laboratory | None = None
