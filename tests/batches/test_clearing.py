"""Clearing a room between two batches: its plan, its points, two signatures, and the gate (M10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import User
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Changeover, ChangeoverPlan
from batches.reports.batch_record import pdf_of
from kernel.errors import (
    AlreadyDone,
    Conflict,
    IllegalMove,
    Invalid,
    NotFound,
    NotPermitted,
    StaleView,
)
from mes.record import record_document
from recipes.models import RecipeVersion
from supply import commands as supply
from supply.models import Equipment
from tests.batches.test_screens import signed_in
from tests.worlds.audit import NOON, act_by, person, proof_of, site
from tests.worlds.batches import (
    ROOM,
    again,
    completed_batch,
    issued_batch,
    operator,
    received_order,
    verifier,
)
from tests.worlds.quality import quality
from tests.worlds.recipes import engineer

pytestmark = pytest.mark.django_db
POINTS = ("Waste is gone", "Labels are gone", "Surfaces are wiped")
LATER = NOON + timedelta(days=2)


def written(points: Any = POINTS, by: Any = None) -> ChangeoverPlan:
    return commands.write_changeover_plan(
        room_code=ROOM, points=points, reason="First version", act=act_by(by or engineer())
    )


def approved(plan: ChangeoverPlan, by: Any = None) -> ChangeoverPlan:
    user = by or quality()
    return commands.approve_changeover_plan(
        plan_id=plan.pk,
        proof=proof_of(user),
        seen_digest=digest_of(queries.plan_statement(plan)),
        act=act_by(user),
    )


def used_room(*, has_plan: bool = True) -> Batch:
    """A batch that was made in the room; with a plan in force."""
    batch = completed_batch()
    if has_plan:
        approved(written())
    return batch


def next_batch() -> Batch:
    """The next patient's batch, issued for the same room."""
    known = RecipeVersion.objects.filter(state="effective").first()
    return issued_batch(order=received_order(version=known))


def started(batch: Batch) -> Batch:
    return commands.start_batch(
        batch_id=batch.pk, seen=again(batch).version, act=act_by(operator(), at=LATER)
    )


def begun() -> Changeover:
    return commands.begin_changeover(room_code=ROOM, act=act_by(operator(), at=LATER))


def ticked(found: Changeover, *places: int) -> Changeover:
    for place in places or range(len(found.points)):
        found = commands.do_point(
            changeover_id=found.pk,
            seen=found.version,
            place=place,
            act=act_by(operator(), at=LATER),
        )
    return found


def signed(found: Changeover, user: User) -> Changeover:
    return commands.sign_changeover(
        changeover_id=found.pk,
        seen=found.version,
        proof=proof_of(user, at=LATER),
        seen_digest=digest_of(queries.changeover_statement(found)),
        act=act_by(user, at=LATER),
    )


def cleared() -> Changeover:
    return signed(signed(ticked(begun()), operator()), verifier())


@pytest.mark.requirement("CGMP-09", "CGMP-10")
def test_no_batch_is_started_in_a_room_that_is_not_cleared() -> None:
    first = used_room()
    second = next_batch()
    with pytest.raises(Conflict) as refused:
        started(second)
    assert refused.value.code == "changeover"
    assert f"last used for {first.number} (SMALL)" in refused.value.detail
    assert "was not begun" in refused.value.detail
    found = begun()
    found = ticked(found, 1)
    with pytest.raises(Conflict, match="1 of 3 points done"):
        started(second)
    found = signed(ticked(found, 0, 2), operator())
    with pytest.raises(Conflict, match="not signed by two"):
        started(second)
    done = signed(found, verifier())
    assert (done.state, done.performed_by, done.checked_by) == ("done", operator(), verifier())
    assert started(second).state == "in_progress"
    assert Changeover.objects.get().used_by == second
    [told] = queries.record_of(again(second))["changeover"]
    assert (told["after"], told["checked_by"]) == (first.number, verifier().full_name)
    assert pdf_of(record_document(again(second))).startswith(b"%PDF")
    assert not list(Verifier().findings())


def test_a_room_without_a_plan_or_a_batch_stops_nobody() -> None:
    used_room(has_plan=False)
    assert started(next_batch()).state == "in_progress"


def test_a_clearing_counts_for_one_batch_only() -> None:
    used_room()
    second = next_batch()
    cleared()
    started(second)
    commands.abort_batch(
        batch_id=second.pk,
        seen=again(second).version,
        reason="The pump stopped.",
        act=act_by(quality(), at=LATER),
    )
    third = next_batch()
    with pytest.raises(Conflict) as refused:
        started(third)
    assert second.number in refused.value.detail


@pytest.mark.requirement("A11-06")
def test_two_people_sign_and_each_point_has_one() -> None:
    used_room()
    found = begun()
    with pytest.raises(AlreadyDone):
        begun()
    with pytest.raises(Conflict) as refused:
        signed(found, operator())
    assert refused.value.code == "not_done"
    found = ticked(found, 0)
    assert found.points[0]["by"] == operator().full_name
    with pytest.raises(AlreadyDone):
        ticked(found, 0)
    with pytest.raises(Conflict):
        ticked(found, 9)
    with pytest.raises(StaleView):
        commands.do_point(changeover_id=found.pk, seen=1, place=1, act=act_by(operator(), at=LATER))
    with pytest.raises(NotPermitted):
        signed(ticked(found, 1, 2), verifier())
    found = signed(Changeover.objects.select_related("room", "after", "plan").get(), operator())
    with pytest.raises(NotPermitted):
        signed(found, operator())
    both = person("otto", "operator", "verifier")
    both.employee_id = f" {operator().employee_id} "
    with pytest.raises(NotPermitted):
        signed(found, both)
    done = signed(found, verifier())
    with pytest.raises(IllegalMove):
        signed(done, verifier())


@pytest.mark.requirement("CGMP-06")
def test_a_room_is_not_clear_while_a_unit_in_it_is_dirty() -> None:
    used_room()
    room = Equipment.objects.get(code=ROOM)
    supply.add_equipment(
        code="PROC-9", name="Processor 9", equipment_class="PROCESSOR", site=site("PLANT"),
        room=room, is_shared=False, act=act_by(),
    )  # fmt: skip
    supply.use_equipment(
        scanned="PROC-9", equipment_class="PROCESSOR", site=site("PLANT"), on=NOON.date(),
        used_in="B-9", act=act_by(operator()),
    )  # fmt: skip
    supply.free_units(used_in="B-9", act=act_by())
    with pytest.raises(Conflict) as refused:
        signed(ticked(begun()), operator())
    assert (refused.value.code, "Processor 9 is dirty" in refused.value.detail) == (
        "not_clean",
        True,
    )


def test_a_room_is_cleared_once_the_batch_is_out_of_it() -> None:
    approved(_plan_of_new_room())
    with pytest.raises(Conflict) as refused:
        begun()
    assert refused.value.code == "never_used"
    batch = started(next_batch())
    with pytest.raises(Conflict) as refused:
        begun()
    assert (refused.value.code, batch.number in refused.value.detail) == ("room_busy", True)


def _plan_of_new_room() -> ChangeoverPlan:
    from tests.worlds.batches import stock

    stock()
    return written()


def test_a_plan_is_written_by_one_and_approved_by_another() -> None:
    used_room(has_plan=False)
    with pytest.raises(Conflict) as refused:
        begun()
    assert refused.value.code == "no_plan"
    for points in ((), ("  ",), ["x"] * 61, ["x" * 201]):
        with pytest.raises(Invalid):
            written(points)
    with pytest.raises(NotPermitted):
        written(by=operator())
    own = written(by=quality())
    with pytest.raises(Conflict):
        written()
    with pytest.raises(NotPermitted):
        approved(own)
    with pytest.raises(NotPermitted):
        commands.withdraw_changeover_plan(plan_id=own.pk, act=act_by(engineer()))
    commands.withdraw_changeover_plan(plan_id=own.pk, act=act_by(quality()))
    first = approved(written())
    second = approved(written(("Only this",)))
    first.refresh_from_db()
    assert (first.state, second.state, second.number) == ("superseded", "in_force", 3)
    with pytest.raises(IllegalMove):
        approved(second)
    with pytest.raises(NotFound):
        commands.write_changeover_plan(
            room_code="BAL-1", points=POINTS, reason="no", act=act_by(engineer())
        )
    assert not list(Verifier().findings())


@pytest.mark.requirement("P11-06")
@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_two_people_and_one_open_changeover() -> None:
    used_room()
    found = cleared()
    for change in ("checked_by_id = performed_by_id", "done_at = NULL", "state = 'open'"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE batches_changeover SET {change} WHERE id = {found.pk}")


@pytest.mark.requirement("CGMP-10")
def test_the_screen_leads_from_the_plan_to_the_second_signature() -> None:
    used_room(has_plan=False)
    path = f"/equipment/{ROOM}/changeovers/"
    author, desk, hands = signed_in(engineer()), signed_in(quality()), signed_in(operator())
    assert "No plan in force" in hands.get(path).content.decode()
    sent = {"points": "\n".join(POINTS), "reason": "First version"}
    assert author.post(f"{path}plan/", sent).status_code == 303
    assert hands.post(f"{path}plan/", sent).status_code == 403
    assert "Approve plan 1" in desk.get(path).content.decode()
    assert "Approve plan 1" not in author.get(path).content.decode()
    approved(ChangeoverPlan.objects.select_related("room", "written_by").get())
    assert "Not cleared" in hands.get(path).content.decode()
    assert hands.post(f"{path}begin/").status_code == 303
    found = Changeover.objects.get()
    page = hands.get(path).content.decode()
    assert "Done: Labels are gone" in page
    for place in range(3):
        found.refresh_from_db()
        form = {"version": found.version, "place": str(place)}
        assert hands.post(f"{path}point/", form).status_code == 303
    assert hands.post(f"{path}point/", {"version": 1, "place": "0"}).status_code == 409
    assert "Sign: the room is clear" in hands.get(path).content.decode()
    assert signed_in(person("petra", "planner")).post(f"{path}begin/").status_code == 403
