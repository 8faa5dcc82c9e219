"""Deviations: classified, investigated, assessed for other batches, closed by somebody else."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import FeedEvent
from audit.queries import signatures_of
from audit.verification import Verifier
from kernel.errors import AlreadyDone, IllegalMove, Invalid, NotFound, NotPermitted, StaleView
from quality import queries
from quality.models import Deviation
from quality.states import DEVIATION, EXCEPTION
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import batch_at, running_batch
from tests.worlds.quality import (
    SOFT,
    escalated,
    executed_batch,
    moved,
    qualified,
    quality,
    raised,
    second_quality,
)

pytestmark = pytest.mark.django_db

# The verbs that bring a new deviation into each state.
WAYS = {
    "open": (),
    "under_investigation": ("classify",),
    "cause_found": ("classify", "investigate"),
    "qa_approval": ("classify", "investigate", "assess"),
    "closed": ("classify", "investigate", "assess", "close"),
}


def deviation_in(state: str) -> Deviation:
    deviation = escalated(raised(running_batch()))
    for verb in WAYS[state]:
        deviation = moved(deviation, verb)
    assert deviation.state == state
    return deviation


@pytest.mark.requirement("CGMP-17", "CGMP-16")
def test_a_deviation_goes_its_whole_way() -> None:
    deviation = deviation_in("closed")
    signature = signatures_of(deviation).get()
    assert (signature.meaning, signature.signer) == ("closed", second_quality())
    assert signature.statement["impact_on_other_batches"] == "No other batch was in the room."
    life = queries.life_of(deviation)
    assert [one["verb"] for one in life] == ["open", "classify", "investigate", "assess", "close"]
    assert [one["state"] for one in life] == list(WAYS)
    told = FeedEvent.objects.filter(kind="deviation.moved", subject=deviation.number)
    assert [event.payload["state"] for event in told.order_by("id")] == list(WAYS)
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("P11-08")
@pytest.mark.parametrize("state", sorted(WAYS))
def test_every_absent_move_is_refused_by_the_commands(state: str) -> None:
    deviation = deviation_in(state)
    for verb in sorted(DEVIATION.verbs - set(DEVIATION.verbs_from(state))):
        with pytest.raises((IllegalMove, AlreadyDone)):
            moved(deviation, verb)
        deviation.refresh_from_db()
        assert deviation.state == state


@pytest.mark.requirement("P11-08")
@pytest.mark.parametrize("state", sorted(WAYS))
def test_every_absent_edge_is_refused_by_the_database(state: str) -> None:
    deviation = deviation_in(state)
    found = deviation.exceptions.get()
    absent = [after for after in sorted(DEVIATION.states) if (state, after) not in DEVIATION.edges]
    for after in absent:
        if after != state:
            refused_by_the_database("quality_deviation", deviation.pk, after)
    for after in sorted(EXCEPTION.states - {found.state}):
        if (found.state, after) not in EXCEPTION.edges:
            refused_by_the_database("quality_batchexception", found.pk, after)


def refused_by_the_database(table: str, pk: int, after: str) -> None:
    with (
        pytest.raises(IntegrityError, match="may not go from"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET state = %s WHERE id = %s", [after, pk])


@pytest.mark.requirement("CGMP-17")
@pytest.mark.parametrize("nothing", ["", " ", ".", "-", "n/a."])
@pytest.mark.parametrize("field", ["impact_on_other_batches", "decision"])
def test_the_impact_on_other_batches_cannot_be_left_out(field: str, nothing: str) -> None:
    deviation = deviation_in("cause_found")
    with pytest.raises(Invalid) as refused:
        moved(deviation, "assess", **{field: nothing})
    assert refused.value.errors[0].pointer == f"/{field}"
    deviation.refresh_from_db()
    assert deviation.state == "cause_found"


@pytest.mark.parametrize(
    ("state", "verb", "field"),
    [
        ("under_investigation", "investigate", "cause"),
        ("qa_approval", "return", "reason"),
        ("closed", "reopen", "reason"),
    ],
)
def test_every_move_has_its_words(state: str, verb: str, field: str) -> None:
    deviation = deviation_in(state)
    with pytest.raises(Invalid):
        moved(deviation, verb, **{field: " . "})
    deviation.refresh_from_db()
    assert deviation.state == state


def test_there_are_three_classes_and_another_one_needs_a_reason() -> None:
    deviation = deviation_in("open")
    with pytest.raises(Invalid):
        moved(deviation, "classify", classification="harmless")
    assert moved(deviation, "classify", classification="minor", reason="").classification == "minor"
    moved(moved(deviation, "investigate"), "return")
    assert Deviation.objects.get(pk=deviation.pk).classification == "minor"


@pytest.mark.requirement("CGMP-17")
def test_the_reporter_does_not_close_it() -> None:
    deviation = deviation_in("qa_approval")
    assert deviation.reported_by == quality()
    with pytest.raises(NotPermitted, match="a second person"):
        moved(deviation, "close", quality())
    assert moved(deviation, "close", qualified()).closed_by == qualified()


@pytest.mark.requirement("P11-09")
def test_only_the_quality_unit_of_the_site_decides() -> None:
    deviation = deviation_in("open")
    for role in ("operator", "verifier", "planner", "admin", "engineer"):
        with pytest.raises(NotPermitted):
            moved(deviation, "classify", person(f"r-{role}", role, at_site=site("PLANT")))
    with pytest.raises(NotFound):
        moved(deviation, "classify", person("quirin", "qa", at_site=site("SOUTH")))
    with pytest.raises(NotFound):
        queries.deviation_numbered(deviation.number, person("quirin", "qa"))


def test_a_stale_screen_changes_nothing() -> None:
    deviation = deviation_in("under_investigation")
    with pytest.raises(StaleView):
        moved(deviation, "investigate", seen=1)


def test_it_is_closed_once_and_what_was_signed_stays_after_reopening() -> None:
    deviation = deviation_in("closed")
    with pytest.raises(AlreadyDone, match="Quentin Example has already closed"):
        moved(deviation, "close", qualified())
    moved(deviation, "reopen")
    deviation.refresh_from_db()
    assert (deviation.state, deviation.closed_by) == ("under_investigation", None)
    assert deviation.exceptions.get().state == "in_deviation"
    for verb in ("investigate", "assess", "close"):
        moved(deviation, verb)
    assert signatures_of(deviation).count() == 2
    assert deviation.exceptions.get().state == "accepted"


def test_the_database_closes_nothing_that_is_not_whole() -> None:
    deviation = deviation_in("qa_approval")
    for attack in (
        "state = 'closed', closed_by_id = reported_by_id",
        "state = 'closed', impact_on_other_batches = ''",
        "state = 'closed'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE quality_deviation SET {attack} WHERE id = %s", [deviation.pk])


@pytest.mark.requirement("CGMP-17")
def test_the_other_batches_to_think_of_share_a_lot_equipment_or_the_room() -> None:
    one = executed_batch(**SOFT)
    beside, _ = batch_at("S02", room="ROOM-2")
    deviation = escalated(queries.exceptions_of(one).get())
    assert queries.related_batches(deviation) == []
    same = executed_batch(room="ROOM-3")
    found = queries.related_batches(deviation)
    assert [(other["batch"], other["why"]) for other in found] == [
        (same, ["same lot LOT-1", "same equipment BAL-1"])
    ]
    assert beside not in [other["batch"] for other in found]


def test_a_batch_in_the_same_room_at_the_same_time_is_thought_of() -> None:
    one = executed_batch(**SOFT)
    next_in_room, _ = batch_at("S02")
    deviation = escalated(queries.exceptions_of(one).get())
    # The next batch began at noon too, on the clock of the tests.
    assert [(other["batch"], other["why"]) for other in queries.related_batches(deviation)] == [
        (next_in_room, ["same room ROOM-1"])
    ]


def test_nobody_is_told_of_a_deviation_elsewhere() -> None:
    deviation = deviation_in("open")
    at_south = person("sam", "qa", at_site=site("SOUTH"))
    assert list(queries.deviations_seen(at_south)) == []
    assert list(queries.deviations_seen(quality())) == [deviation]
    with pytest.raises(NotFound):
        queries.deviation_numbered(deviation.number, at_south)
    assert act_by(at_south).by == at_south
