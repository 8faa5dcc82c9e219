"""Opening: what may be done next follows from what is over; when all is, the making ends."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Case, QuerySet, When
from django.db.models.fields.json import KeyTransform

from audit.acts import Act
from batches.commands.branching import decide_branches
from batches.commands.locks import batch_for_update, event_fields, save_batch, save_step
from batches.events import ExecutionCompleted
from batches.models import Batch, Step
from batches.rules.sequencing import openable
from batches.states import BATCH, STEP, STEP_OVER
from kernel.events import publish
from kernel.prepared import prepared
from supply import commands as supply


class Follower(NamedTuple):
    """A step as the order sees it."""

    code: str
    state: str
    needs: list[str]
    is_branched: bool


def open_steps(batch: Batch, *, act: Act) -> list[Step]:
    """Open every waiting step whose predecessors are over; the batch is locked."""
    latest = _latest(batch.pk)
    closed: frozenset[str] = frozenset()
    if any(one.is_branched for one in latest.values()):
        closed = decide_branches(batch, act=act)
        latest = _latest(batch.pk)
    over = {code for code, one in latest.items() if one.state in STEP_OVER}
    if len(over) == len(latest):
        # A loop at its bound holds the batch: it ends when quality lets it go on.
        if batch.state == "in_progress":
            complete_execution(batch, act=act)
        return []
    waiting = {
        code: one.needs
        for code, one in latest.items()
        if one.state == "waiting" and code not in closed
    }
    codes = openable(waiting, over)
    if not codes:
        return []
    opened = list(
        batch.steps.select_for_update(of=("self",))
        .filter(code__in=codes, state="waiting")
        .order_by("ordinal", "inserted")
    )
    for step in opened:
        step.state = STEP.after(step.state, "open")
        save_step(step, "open", act=act)
    return opened


def _latest(batch_id: int) -> dict[str, Follower]:
    """Return the latest execution of each step."""
    return {one.code: one for one in map(Follower._make, _followers(batch_id))}


@prepared
def _followers(batch_id: int) -> QuerySet[Step, tuple[str, str, list[str], bool]]:
    rows = Step.objects.filter(batch_id=batch_id).order_by("execution")
    # What a step waits for is asked of those that wait: every other answer would be read for nothing.
    needs = Case(When(state="waiting", then=KeyTransform("after", "definition")))
    return rows.values_list("code", "state", needs, "is_branched")


def complete_execution(batch: Batch, *, act: Act) -> None:
    """End the making of a batch whose last step is over; the batch is locked."""
    whole = batch_for_update(batch.pk, act=act)
    whole.state = batch.state = BATCH.after(whole.state, "complete")
    whole.completed_at = act.at
    save_batch(whole, "complete", "completed_at", act=act)
    supply.free_units(used_in=whole.number, act=act)
    publish(ExecutionCompleted(**event_fields(whole, act)))
