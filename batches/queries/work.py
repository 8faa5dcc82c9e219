"""Work: the batches and steps that somebody may see, and what is known by the time of a step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from audit.models import User
from audit.permissions import sites_of
from batches.models import Batch, Step, StepValue
from batches.queries.amendments import effective_document
from batches.queries.statements import current_values
from batches.rules.needs import value_name
from batches.states import STEP_OVER
from kernel.canonical import canonical
from kernel.errors import Invalid, NotFound
from kernel.prepared import prepared
from kernel.quantities import decimal_from
from recipes.queries import read_document
from recipes.rules.document import Document
from recipes.rules.parsing import step_from
from recipes.rules.steps import Step as Phase

RUNNING = ("in_progress", "on_hold")
OPEN_STEP = ("ready", "running", "performed")


def definition_of(step: Step) -> Phase:
    """Return the instruction that a step froze, as an object of the rules."""
    known: Phase | None = getattr(step, "_phase", None)
    if known is None:
        known = _phase(canonical(step.definition))
        step.__dict__["_phase"] = known
    return known


@lru_cache(maxsize=2048)
def _phase(text: str) -> Phase:
    return step_from(json.loads(text))


def document_of_batch(batch: Batch) -> Document:
    """Return the document that a batch follows: its frozen copy, with every amendment in force.

    Until the batch is issued it is the document of its version.
    """
    if batch.effective_digest:
        return effective_document(batch.pk, batch.effective_digest)
    frozen = batch.control_recipe
    return read_document(batch.recipe_version.document if frozen is None else frozen)


def batches_seen(sites: Iterable[int] | None) -> QuerySet[Batch]:
    """Return the batches made at these sites (None: at all), newest first."""
    found = Batch.objects.select_related(
        "order__chain", "order__patient", "order__therapy", "order__site", "site", "room"
    ).select_related("recipe_version__recipe")
    # The documents are large and few screens need them: they are read when they are asked for.
    found = found.defer("control_recipe", "recipe_version__document")
    return found if sites is None else found.filter(site_id__in=list(sites))


def batch_numbered(number: str, user: User) -> Batch:
    """Return the batch of that number, if this person works at its site.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    # PostgreSQL has no text with NUL in it, so no record has such a number.
    found = None if "\x00" in number else batches_seen(sites_of(user)).filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no batch {number[:24]}.")
    return found


def step_found(number: str, code: str, user: User) -> Step:
    """Return a step for a gesture on it: quick to read, with little of its batch.

    Raises:
        NotFound: there is none, or not for this person.
    """
    sites = sites_of(user)
    is_text = "\x00" not in number and "\x00" not in code
    found = _step_named(number, code) if is_text else []
    if not found or (sites is not None and found[0].batch.site_id not in sites):
        raise NotFound(f"There is no step {code[:24]} of a batch {number[:24]}.")
    return found[0]


@prepared
def _step_named(number: str, code: str) -> QuerySet[Step]:
    rows = Step.objects.filter(batch__number=number, code=code).order_by("-execution")[:1]
    return rows.select_related("batch").defer("batch__control_recipe")


def step_coded(batch: Batch, code: str, execution: int | None = None) -> Step:
    """Return an execution of a step of a batch by its code; the latest when none is named.

    Raises:
        NotFound: there is none.
    """
    steps = batch.steps.select_related("performed_by", "verified_by")
    named = steps.filter(code=code) if execution is None else steps.filter(execution=execution)
    found = None if "\x00" in code else named.filter(code=code).order_by("-execution").first()
    if found is None:
        raise NotFound(f"Batch {batch.number} has no step {code[:24]}.")
    found.batch = batch
    return found


def running_batches_in_room(room_code: str) -> QuerySet[Batch]:
    """Return the batch that is being made in a room, on hold or not; there is at most one."""
    return batches_seen(None).filter(room__code=room_code, state__in=RUNNING)


def work_of(user: User) -> list[Step]:
    """Return the steps that are open now where this person works, by batch and order."""
    sites = sites_of(user)
    found = Step.objects.filter(batch__state__in=RUNNING, state__in=OPEN_STEP)
    if sites is not None:
        found = found.filter(batch__site_id__in=sites)
    return list(
        found.select_related("batch__order__patient", "batch__order__therapy", "batch__room")
        .select_related("performed_by")
        .order_by("batch__started_at", "batch_id", "ordinal", "inserted")
    )


def order_values(batch: Batch) -> dict[str, Decimal]:
    """Return what a calculation may take from the patient's order."""
    order = batch.order
    return {"weight_kg": shortest(order.weight_kg), "height_cm": shortest(order.height_cm)}


def shortest(value: Decimal) -> Decimal:
    """Return a number without the zeros that the width of its column added."""
    return Decimal(format(value.normalize(), "f"))


def number_of(value: StepValue) -> Decimal | None:
    """Return the number of a value with the digits it was recorded with."""
    if value.value is None:
        return None
    try:
        recorded = decimal_from(value.entered)
    except Invalid:
        return shortest(value.value)
    return recorded if recorded == value.value else shortest(value.value)


def found_values(batch: Batch) -> dict[str, Decimal]:
    """Return the numbers found so far, by the code of their step: those of its latest execution."""
    latest = {step.code: step for step in batch.steps.order_by("execution")}
    steps = {step.pk: step for step in latest.values()}
    by_step: dict[int, list[StepValue]] = {}
    for value in StepValue.objects.filter(batch=batch).order_by("step_id", "seq"):
        by_step.setdefault(value.step_id, []).append(value)
    found: dict[str, Decimal] = {}
    for pk in by_step.keys() & steps.keys():
        values = by_step[pk]
        name = value_name(definition_of(steps[pk]))
        for value in current_values(values):
            number = number_of(value)
            if value.name == name and number is not None:
                found[steps[pk].code] = number
    return found


def latest_of(steps: Iterable[Step]) -> list[Step]:
    """Return the latest execution of each of these steps, in order."""
    return list({one.code: one for one in sorted(steps, key=_by_execution)}.values())


def _by_execution(step: Step) -> tuple[int, int, int]:
    return step.ordinal, step.inserted, step.execution


def unfinished_steps(batch: Batch) -> list[Step]:
    """Return the steps that are neither complete nor skipped, by their latest execution."""
    later = Step.objects.filter(
        batch=OuterRef("batch"), code=OuterRef("code"), execution__gt=OuterRef("execution")
    )
    found = batch.steps.exclude(state__in=STEP_OVER).filter(~Exists(later))
    return list(found.order_by("ordinal", "inserted"))


def progress_of(states: Iterable[str]) -> Mapping[str, Any]:
    """Return how far a batch is: steps complete, and steps in all that are not skipped."""
    listed = [state for state in states if state != "skipped"]
    return {"complete": listed.count("complete"), "total": len(listed)}
