"""Clearing a room between two batches: the plan, its points, and two signatures (mission M10).

Sources: 21 CFR 211.130(e) and 211.188(b)(6) (inspection of the area before use), 211.67 (cleaning
between batches). One patient's medicine follows another's: a room is never simply gone on with.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.acts import Act, command, record
from audit.permissions import holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import check_seen
from batches.commands.steps import require_two_people
from batches.models import Batch, Changeover, ChangeoverPlan
from batches.queries.clearing import (
    IN_ROOM,
    changeover_after,
    changeover_statement,
    dirty_units_in,
    last_batch_in,
    plan_in_force,
    plan_statement,
    why_not_clear,
)
from batches.rules.entries import reason_from, text_from
from batches.states import CHANGEOVER, CHANGEOVER_PLAN
from kernel.canonical import plain
from kernel.errors import AlreadyDone, Conflict, Invalid, NotFound, NotPermitted
from supply import commands as supply

WRITERS = ("engineer", "qa")
MOST_POINTS = 60


@command
def write_changeover_plan(
    *, room_code: str, points: Sequence[str], reason: str, act: Act
) -> ChangeoverPlan:
    """Write what is done in a room between two batches; it counts once quality has approved it.

    Args:
        points: in order; each is ticked by whoever did it.

    Raises:
        NotFound: there is no such room where this person works.
        NotPermitted: neither an engineer nor quality assurance there.
        Conflict: another plan of the room waits for its approval.
        Invalid: there are no points, too many, one is no text, or nobody says why.
    """
    room = supply.room_for_update(room_code, act)
    require(holds(act.by, *WRITERS, site_id=room.site_id), "write changeover plans here")
    if room.changeover_plans.filter(state="draft").exists():
        raise Conflict("A plan of this room waits for its approval.", code="waiting")
    found = [text_from(point, pointer="/points", longest=200) for point in points if point.strip()]
    if not 0 < len(found) <= MOST_POINTS:
        raise Invalid(f"From 1 to {MOST_POINTS} points.", pointer="/points", code="range")
    made = ChangeoverPlan(
        id=next_id(ChangeoverPlan),
        room=room,
        number=room.changeover_plans.count() + 1,
        points=found,
        reason=reason_from(reason, what="A plan"),
        written_by=act.by,
        written_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "write", made)
    return made


@command
def approve_changeover_plan(
    *, plan_id: int, proof: Proof, seen_digest: str, act: Act
) -> ChangeoverPlan:
    """Approve a plan, with a signature: it holds for the room at once, in place of the one before.

    Raises:
        NotFound: there is none where this person works.
        NotPermitted: the signer is not quality assurance there, or wrote it.
        IllegalMove: it was approved or withdrawn before.
        StaleView: it is not what was shown.
    """
    plan = _plan_for_update(plan_id, act)
    require(holds(act.by, "qa", site_id=plan.room.site_id), "approve changeover plans")
    if plan.written_by_id == act.by.pk:
        raise NotPermitted("Whoever wrote a plan does not approve it.", code="own_record")
    said = plan_statement(plan)
    state = CHANGEOVER_PLAN.after(plan.state, "approve")
    before = plan_in_force(plan.room_id)
    if before is not None:
        before.state = CHANGEOVER_PLAN.after(before.state, "supersede")
        before.save(update_fields=["state"])
        record(act, "supersede", before)
    plan.state = state
    plan.save(update_fields=["state"])
    record(act, "approve", plan)
    sign(
        act=act,
        proof=proof,
        subject=plan,
        meaning="approved",
        statement=said,
        seen_digest=seen_digest,
    )
    return plan


@command
def withdraw_changeover_plan(*, plan_id: int, act: Act) -> ChangeoverPlan:
    """Take back a plan that nobody approved; its author does, or quality.

    Raises:
        NotFound: there is none where this person works.
        NotPermitted: somebody else wrote it.
        IllegalMove: it was approved or withdrawn before.
    """
    plan = _plan_for_update(plan_id, act)
    is_own = plan.written_by_id == act.by.pk
    require(is_own or holds(act.by, "qa", site_id=plan.room.site_id), "withdraw this plan")
    plan.state = CHANGEOVER_PLAN.after(plan.state, "withdraw")
    plan.save(update_fields=["state"])
    record(act, "withdraw", plan)
    return plan


def _plan_for_update(plan_id: int, act: Act) -> ChangeoverPlan:
    code = ChangeoverPlan.objects.filter(pk=plan_id).values_list("room__code", flat=True).first()
    if code is None:
        raise NotFound("There is no such plan.")
    room = supply.room_for_update(code, act)
    plan = ChangeoverPlan.objects.select_related("written_by").get(pk=plan_id)
    plan.room = room
    return plan


@command
def begin_changeover(*, room_code: str, act: Act) -> Changeover:
    """Begin the changeover of a room after the batch that was made there last.

    Raises:
        NotFound: there is no such room where this person works.
        NotPermitted: not an operator there.
        Conflict: no plan is in force, nothing was made there yet, or a batch is still in the room.
        AlreadyDone: it was begun.
    """
    room = supply.room_for_update(room_code, act)
    require(holds(act.by, "operator", site_id=room.site_id), "clear rooms here")
    plan, last = plan_in_force(room.pk), last_batch_in(room.pk)
    if plan is None:
        raise Conflict(f"No changeover plan is in force for {room.code}.", code="no_plan")
    if last is None:
        raise Conflict(f"Nothing was made in {room.code} yet.", code="never_used")
    if last.state in IN_ROOM:
        raise Conflict(f"{last.number} is still in {room.code}.", code="room_busy")
    if changeover_after(last) is not None:
        raise AlreadyDone(f"The changeover after {last.number} was begun.")
    made = Changeover(
        id=next_id(Changeover),
        room=room,
        plan=plan,
        after=last,
        points=[{"text": text, "by": None, "at": None} for text in plan.points],
        begun_by=act.by,
        begun_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "begin_changeover", made)
    return made


@command
def do_point(*, changeover_id: int, seen: int, place: int, act: Act) -> Changeover:
    """Say that one point of a changeover is done.

    Args:
        place: counted from zero.

    Raises:
        NotPermitted: not an operator there.
        Conflict: the changeover was signed, or has no such point.
        AlreadyDone: somebody did it before.
        StaleView: it changed after it was shown.
    """
    found = _changeover_for_update(changeover_id, seen, act)
    require(holds(act.by, "operator", site_id=found.room.site_id), "clear rooms here")
    if found.state != "open":
        raise AlreadyDone("The changeover is signed.")
    if not 0 <= place < len(found.points):
        raise Conflict("There is no such point.", code="unknown")
    point = found.points[place]
    if point["by"]:
        raise AlreadyDone(f"{point['by']} did this before.")
    done = {**point, "by": act.by.full_name, "at": plain(act.at)}
    found.points = [*found.points[:place], done, *found.points[place + 1 :]]
    _save(found, "do_point", "points", act=act)
    return found


@command
def sign_changeover(
    *, changeover_id: int, seen: int, proof: Proof, seen_digest: str, act: Act
) -> Changeover:
    """Sign a changeover: the operator that it is done, then a second person that it is.

    Raises:
        NotPermitted: the signer has no right to it, or both are one person.
        Conflict: a point is not done, or a unit of the room is not clean.
        IllegalMove: it is done.
        StaleView: it is not what was shown.
    """
    found = _changeover_for_update(changeover_id, seen, act)
    is_first = found.state == "open"
    verb = "perform" if is_first else "check"
    state = CHANGEOVER.after(found.state, verb)
    if is_first:
        require(holds(act.by, "operator", site_id=found.room.site_id), "clear rooms here")
        _require_clear(found)
        found.performed_by = act.by
    else:
        require(holds(act.by, "verifier", "qa", site_id=found.room.site_id), "check changeovers")
        assert found.performed_by is not None, "a performed changeover has a performer"
        require_two_people(act.by, found.performed_by)
        found.checked_by, found.done_at = act.by, act.at
    said = changeover_statement(found)
    found.state = state
    _save(found, verb, "state", "performed_by", "checked_by", "done_at", act=act)
    sign(
        act=act,
        proof=proof,
        subject=found,
        meaning="performed" if is_first else "verified",
        statement=said,
        seen_digest=seen_digest,
    )
    return found


def _require_clear(found: Changeover) -> None:
    missing = sum(not point["by"] for point in found.points)
    if missing:
        raise Conflict(f"{missing} of {len(found.points)} points are not done.", code="not_done")
    dirty = dirty_units_in(found.room)
    if dirty:
        names = ", ".join(f"{one.name} is {one.state.replace('_', ' ')}" for one in dirty)
        raise Conflict(f"Not everything is clean: {names}.", code="not_clean")


def _changeover_for_update(changeover_id: int, seen: int, act: Act) -> Changeover:
    code = Changeover.objects.filter(pk=changeover_id).values_list("room__code", flat=True).first()
    if code is None:
        raise NotFound("There is no such changeover.")
    room = supply.room_for_update(code, act)
    found = Changeover.objects.select_related("after", "plan", "performed_by").get(pk=changeover_id)
    found.room = room
    check_seen(seen, found.version)
    return found


def _save(found: Changeover, verb: str, *fields: str, act: Act) -> None:
    found.version += 1
    found.save(update_fields=[*fields, "version"])
    record(act, verb, found)


def require_clear_room(batch: Batch, act: Act) -> None:
    """Refuse to start a batch in a room that is not cleared, and keep which clearing it uses.

    Raises:
        Conflict: with code ``changeover``, in words that name what is missing.
    """
    if batch.room is None:
        return
    room = supply.room_for_update(batch.room.code, act)
    why_not = why_not_clear(room)
    if why_not:
        raise Conflict(why_not, code="changeover")
    last = last_batch_in(room.pk)
    done = changeover_after(last) if last is not None else None
    if done is not None and done.used_by_id is None and done.state == "done":
        done.used_by = batch
        _save(done, "use", "used_by", act=act)
