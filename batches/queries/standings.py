"""How steps and batches stand beside what was signed of them (``audit.queries.validity``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from audit.models import Signature
from audit.queries.validity import Standing, standing_of_change
from batches.models import Batch, StepValue
from batches.queries.statements import issue_statement, plain_value
from kernel.canonical import digest, plain

# A person may be called otherwise by now; who it was stands in the row of the signature.
NAMES = ("entered_by",)


def standing_of_steps(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how the steps stand: corrected since, or altered past the application."""
    held: dict[int, dict[int, StepValue]] = defaultdict(dict)
    steps = {one.subject_id for one in signatures}
    rows = StepValue.objects.filter(step_id__in=steps).select_related("corrects", "entered_by")
    for value in rows:
        held[value.step_id][value.seq] = value
    return {one.pk: _of_step(one.statement, held[one.subject_id]) for one in signatures}


def _of_step(statement: Mapping[str, Any], held: dict[int, StepValue]) -> Standing:
    known = dict(held)
    for signed in statement["values"]:
        value = known.pop(signed["seq"], None)
        if value is None or _plain(value) != _without(signed):
            return Standing.ALTERED
    correction = statement.get("correction")
    if correction is not None:
        # The corrected value came after the signatures that asked for it.
        made = known.pop(min(known, default=0), None)
        if made is None or made.corrects_id is None or made.reason != correction["reason"]:
            return Standing.ALTERED
    return Standing.CHANGED if known else Standing.AS_SIGNED


def _plain(value: StepValue) -> dict[str, Any]:
    return _without(plain(plain_value(value)))


def _without(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name not in NAMES}


def standing_of_batches(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how the batches stand beside their issue."""
    found = Batch.objects.select_related(
        "order__chain", "order__patient", "order__therapy", "recipe_version__recipe", "room", "site"
    ).in_bulk({one.subject_id for one in signatures})
    standings = {}
    for one in signatures:
        batch = found.get(one.subject_id)
        if batch is None or batch.control_recipe_digest != one.statement["document_digest"]:
            standings[one.pk] = Standing.ALTERED
        elif digest(issue_statement(batch)) == one.statement_digest:
            standings[one.pk] = Standing.AS_SIGNED
        else:
            standings[one.pk] = standing_of_change(one)
    return standings
