"""Sections: a batch by unit procedure, counted by the database, however many steps it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, Min, OuterRef, Q

from batches.models import Batch, StepValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionCount:
    """A unit procedure of a batch: its steps, its values as they stand, and those ``wanted``."""

    title: str
    steps: int
    values: int
    wanted: int


def section_counts(batch: Batch, verdicts: Sequence[str]) -> list[SectionCount]:
    """Return the unit procedures of a batch in order, in two queries.

    Args:
        verdicts: which values are ``wanted``.
    """
    replaced = StepValue.objects.filter(corrects=OuterRef("pk"))
    told = StepValue.objects.filter(~Exists(replaced), batch=batch).order_by()
    found = told.values_list("step__unit_procedure").annotate(
        counted=Count("pk"), wanted=Count("pk", filter=Q(verdict__in=verdicts))
    )
    values = {title: (count, wanted) for title, count, wanted in found}
    sections = (
        batch.steps.order_by()
        .values("unit_procedure")
        .annotate(counted=Count("pk"), first=Min("ordinal"))
        .order_by("first")
        .values_list("unit_procedure", "counted")
    )
    return [
        SectionCount(
            title=title, steps=steps, values=values.get(title, (0, 0))[0],
            wanted=values.get(title, (0, 0))[1],
        )
        for title, steps in sections
    ]  # fmt: skip


def steps_beyond(batch: Batch, verdicts: Sequence[str]) -> set[int]:
    """Return the ids of the steps that hold a value, as it stands, with none of these verdicts."""
    replaced = StepValue.objects.filter(corrects=OuterRef("pk"))
    told = StepValue.objects.filter(~Exists(replaced), batch=batch).exclude(verdict__in=verdicts)
    return set(told.values_list("step_id", flat=True))
