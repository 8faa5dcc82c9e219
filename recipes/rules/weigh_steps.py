"""Steps that weigh: how much of a material, on which class of scale, and how exactly.

Sources: 21 CFR 211.101(c) and (d) (weighing is witnessed, or automated and checked by one person),
211.188(b)(4) (weights and measures in the batch record), 211.184(c) (what was taken of each lot).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from recipes.rules.steps import Step

Beyond = Literal["refused", "exception"]
BEYOND: tuple[Beyond, ...] = ("refused", "exception")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighStep(Step):
    """A material is weighed, from one lot or several, into one container or several.

    ``equipment`` is the class of the scale. The target is ``quantity`` in ``unit``, or what was
    found in the step ``target``, or else that of the bill. It is met within ``tolerance_percent``
    of it, or within ``tolerance`` in ``unit``; what is ``beyond`` is refused, or an exception. With
    a ``nominal_potency`` (in percent) a lot that is stronger or weaker counts as much more or less.
    ``automated`` takes weights from the scale alone, and then one person is enough.
    """

    kind: ClassVar[str] = "weigh"
    material: str
    equipment: str
    unit: str
    decimals: int
    quantity: Decimal | None = None
    target: str | None = None
    tolerance_percent: Decimal | None = None
    tolerance: Decimal | None = None
    beyond: Beyond = "refused"
    nominal_potency: Decimal | None = None
    automated: bool = False
