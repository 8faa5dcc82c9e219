"""Clearing a room between two batches: what is asked for, what is done, and what is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.models import Signature
from audit.queries.validity import Standing, standing_of_change
from batches.models import Batch, Changeover, ChangeoverPlan
from kernel.canonical import digest
from supply.queries import units_in

# A batch in one of these is still in its room.
IN_ROOM = ("in_progress", "on_hold")


def last_batch_in(room_id: int) -> Batch | None:
    """Return the batch that was started last in a room, if there is one."""
    started = Batch.objects.filter(room_id=room_id, started_at__isnull=False)
    return started.select_related("order__therapy").order_by("-started_at", "-pk").first()


def plan_in_force(room_id: int) -> ChangeoverPlan | None:
    """Return the plan that holds for a room, if there is one."""
    return ChangeoverPlan.objects.filter(room_id=room_id, state="in_force").first()


def plan_waiting(room_id: int) -> ChangeoverPlan | None:
    """Return the plan of a room that waits for its approval, if there is one."""
    found = ChangeoverPlan.objects.filter(room_id=room_id, state="draft")
    return found.select_related("written_by", "room").first()


def changeover_after(batch: Batch) -> Changeover | None:
    """Return the changeover that was begun after a batch, if there is one."""
    found = Changeover.objects.filter(after=batch)
    return found.select_related("room", "plan", "after", "performed_by", "checked_by").first()


def why_not_clear(room: Any) -> str:
    """Return why no batch may be started in a room, in words; empty where one may.

    A room without a plan in force is not stopped; nor is one in which nothing was made yet.
    """
    last = last_batch_in(room.pk)
    if last is None or plan_in_force(room.pk) is None:
        return ""
    before = f"{room.code} was last used for {last.number} ({last.order.therapy.code})"
    found = changeover_after(last)
    if found is None:
        return f"{before}: its changeover was not begun."
    if found.state != "done":
        done = sum(bool(point["by"]) for point in found.points)
        told = f"{done} of {len(found.points)} points done"
        return f"{before}: its changeover is not signed by two ({told})."
    return ""


def dirty_units_in(room: Any) -> list[Any]:
    """Return the units of a room that one batch holds at a time, and that are not ready."""
    return [one for one in units_in(room) if not one.is_shared and one.state != "ready"]


def plan_statement(plan: ChangeoverPlan) -> dict[str, Any]:
    """Return what is signed when a plan is approved."""
    return {
        "record": "changeover plan",
        "room": plan.room.code,
        "number": plan.number,
        "points": plan.points,
        "reason": plan.reason,
        "written_by": plan.written_by.full_name,
    }


def changeover_statement(found: Changeover) -> dict[str, Any]:
    """Return what is signed when a changeover is performed, and again when it is checked."""
    return {
        "record": "changeover",
        "room": found.room.code,
        "after": found.after.number,
        "plan": found.plan.number,
        "points": found.points,
    }


def plain_changeover(found: Changeover) -> dict[str, Any]:
    """Return a changeover for the record of the batch that followed it."""
    return {
        **changeover_statement(found),
        "begun_at": found.begun_at,
        "performed_by": found.performed_by and found.performed_by.full_name,
        "checked_by": found.checked_by and found.checked_by.full_name,
        "done_at": found.done_at,
    }


def standing_of_plans(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how changeover plans stand beside their approval."""
    found = ChangeoverPlan.objects.select_related("room", "written_by").in_bulk(
        {one.subject_id for one in signatures}
    )
    return {one.pk: _standing(one, found.get(one.subject_id), plan_statement) for one in signatures}


def standing_of_changeovers(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how changeovers stand beside what two people signed of them."""
    found = Changeover.objects.select_related("room", "after", "plan").in_bulk(
        {one.subject_id for one in signatures}
    )
    return {
        one.pk: _standing(one, found.get(one.subject_id), changeover_statement)
        for one in signatures
    }


def _standing(signature: Signature, found: Any, statement: Any) -> Standing:
    if found is None:
        return Standing.ALTERED
    said = statement(found)
    if "written_by" in said:
        # Whoever wrote it may be called otherwise by now; the row of the ledger knows who.
        said["written_by"] = signature.statement["written_by"]
    is_same = digest(said) == signature.statement_digest
    return Standing.AS_SIGNED if is_same else standing_of_change(signature)
