"""Event time: when it was done and when it was recorded stay apart; a late record says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.edges import now
from audit.models import LedgerEntry
from audit.verification import Verifier
from batches import commands, queries
from batches.events import ExceptionRaised
from batches.models import StepValue
from batches.reports.words import value_pieces
from kernel.canonical import plain
from kernel.errors import Invalid
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin, begun, written
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, step_of

pytestmark = pytest.mark.django_db
__all__ = ["raised"]


@pytest.mark.requirement("DI-03")
@pytest.mark.parametrize(
    ("code", "happened_at", "refusal"),
    [
        ("T05", "2026-11-23 13:01", "future_time"),
        ("T05", "2026-11-23 13:00:01", "future_time"),
        ("T05", "2026-11-23 13:00 -00:30", "future_time"),
        ("T05", "2026-11-23 11:59", "before_start"),
        ("T05", "just now", "no_moment"),
        ("T05", "2026-11-23 12:44:59", "reason_needed"),
        ("T06", "2026-11-23 11:59:59", "before_start"),
        ("T07", "2026-11-23 12:50", "no_event_time"),
    ],
)
def test_a_time_that_cannot_be_or_that_nobody_explains_is_refused(
    code: str, happened_at: str, refusal: str
) -> None:
    one = begun(code)
    with pytest.raises(Invalid) as refused:
        entered(one, "It is so", happened_at=happened_at, at=LATER)
    assert refused.value.code == refusal
    assert not StepValue.objects.filter(step=one).exists()


@pytest.mark.requirement("DI-03")
def test_a_late_record_has_a_reason_and_is_an_exception(raised: list[ExceptionRaised]) -> None:
    one = begun("T05")
    value = entered(
        one, "It is so", happened_at="2026-11-23 12:44:59", reason="No hand was free", at=LATER
    )
    assert value.happened_at == datetime(2026, 11, 23, 12, 44, 59, tzinfo=UTC)
    assert (value.entered_at, value.reason) == (LATER, "No hand was free")
    assert [(told.exception_kind, told.severity) for told in raised] == [("late_entry", "warning")]
    assert "2026-11-23 12:44:59 UTC" in raised[0].detail
    assert raised[0].detail.endswith("No hand was free")
    entry = LedgerEntry.objects.get(subject_type=value._meta.label, subject_id=value.pk)
    assert "2026-11-23T12:44:59" in entry.entry


@pytest.mark.requirement("DI-03")
@pytest.mark.parametrize(
    ("code", "happened_at"), [("T05", "2026-11-23 12:45"), ("T06", "2026-11-23 12:00"), ("T05", "")]
)
def test_what_is_recorded_soon_enough_is_no_exception(
    code: str, happened_at: str, raised: list[ExceptionRaised]
) -> None:
    value = entered(begun(code), "It is so", happened_at=happened_at, at=LATER)
    assert (value.happened_at is None) == (not happened_at)
    assert raised == []


@pytest.mark.requirement("DI-03", "DI-06")
def test_both_times_are_signed_shown_in_the_record_and_survive_a_correction() -> None:
    batch = written()
    one = begin(step_of(batch, "T05"))
    entered(one, "It is so", happened_at="2026-11-23 12:50", at=LATER)
    one = step_of(batch, "T05")
    commands.correct_value(
        step_id=one.pk,
        seen=one.version,
        entered="It was so",
        reason="Tense",
        act=act_by(operator(), at=LATER),
    )
    done = signed(step_of(batch, "T05"))
    statement = plain(queries.step_statement(done))
    times = [(value["happened_at"], value["entered_at"]) for value in statement["values"]]
    assert times == [("2026-11-23T12:50:00.000000Z", "2026-11-23T13:00:00.000000Z")] * 2
    found = {step["code"]: step for step in plain(queries.record_of(batch))["steps"]}["T05"]
    words = [text for text, _ in value_pieces(found["values"][1], found["definition"])]
    assert "Done 23 Nov 2026 12:50:00 UTC, before it was recorded" in words
    assert not list(Verifier().findings())


def test_a_value_without_an_event_time_reads_as_it_was_signed_before() -> None:
    one = begun("T05")
    entered(one, "It is so", at=LATER)
    assert "happened_at" not in queries.step_statement(step_of(one.batch, "T05"))["values"][0]


@pytest.mark.requirement("DI-03")
def test_the_screen_takes_the_time_of_the_event_and_asks_why_it_is_late() -> None:
    client = signed_in(operator())
    batch = written(at=now() - timedelta(hours=2))
    one = begin(step_of(batch, "T05"), now() - timedelta(hours=1))
    assert "It was done earlier" in client.get(path(one)).content.decode()

    def sent(**more: str) -> Any:
        form = {"version": step_of(batch, "T05").version, "value": "It is so", **more}
        return client.post(path(one) + "value/", form)

    future = sent(happened_at=f"{now() + timedelta(hours=1):%Y-%m-%d %H:%M}")
    assert (future.status_code, "is still to come" in future.content.decode()) == (422, True)
    before = f"{now() - timedelta(minutes=50):%Y-%m-%d %H:%M}"
    late = sent(happened_at=before)
    page = late.content.decode()
    assert (late.status_code, "needs a reason" in page) == (422, True)
    assert f'value="{before}"' in page
    assert sent(happened_at=before, reason="No hand was free").status_code == 303
    page = client.get(path(one)).content.decode()
    assert "before it was recorded" in page
    assert "No hand was free" in page
