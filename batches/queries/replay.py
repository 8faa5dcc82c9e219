"""What-if replay over past batches: read what was recorded, ask another version, write nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from batches.models import Batch, StepValue
from batches.queries.statements import current_values
from batches.queries.work import batches_seen, definition_of, number_of, order_values
from batches.rules.needs import value_name
from batches.rules.replay import Difference, Recorded, differences
from recipes.queries import document_of

# The newest batches of the therapy, so many at a time.
MOST_BATCHES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReplayed:
    """A past batch, and what would have been said otherwise of it."""

    batch: Batch
    values: int
    found: tuple[Difference, ...]


@dataclass(slots=True, kw_only=True)
class Replay:
    """A version, run over past batches."""

    version: Any
    batches: list[BatchReplayed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def values(self) -> int:
        """How many recorded values were judged."""
        return sum(one.values for one in self.batches)


def replay_of(version: Any, *, sites: Iterable[int] | None) -> Replay:
    """Return what a version would have said of the batches of its therapy, the newest first.

    Args:
        version: a recipe version, in whatever state.
        sites: whose batches may be read; None: all.
    """
    found = Replay(version=version)
    document = document_of(version)
    batches = batches_seen(sites).filter(
        order__therapy=version.recipe.therapy_id, started_at__isnull=False
    )
    for batch in batches[:MOST_BATCHES]:
        recorded = _recorded(batch)
        told = tuple(differences(document, recorded, order_values(batch)))
        found.counts.update(one.effect for one in told)
        found.batches.append(BatchReplayed(batch=batch, values=len(recorded), found=told))
    return found


def _recorded(batch: Batch) -> dict[str, Recorded]:
    """Return the values that stand in a batch, by the code of their step, in two queries."""
    steps = {step.pk: step for step in batch.steps.order_by("ordinal", "inserted", "execution")}
    by_step: dict[int, list[StepValue]] = {}
    for value in StepValue.objects.filter(batch=batch).order_by("step_id", "seq"):
        by_step.setdefault(value.step_id, []).append(value)
    found: dict[str, Recorded] = {}
    for pk, step in steps.items():
        name = value_name(definition_of(step))
        for value in current_values(by_step.get(pk, [])):
            if value.name == name:
                found[step.code] = Recorded(
                    code=step.code,
                    kind=step.kind,
                    entered=value.entered,
                    value=number_of(value),
                    unit=value.unit,
                    verdict=value.verdict,
                )
    return found
