"""Words, moments and instructions: entered, judged, shown, corrected, and kept as they were typed."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.edges import now
from audit.verification import Verifier
from batches import commands, queries
from batches.events import ExceptionRaised
from batches.models import Step, StepValue
from batches.reports.words import limits_of, value_pieces
from batches.rules.entries import follows_pattern
from batches.rules.moments import instant_from
from kernel.canonical import plain
from kernel.errors import Conflict, Invalid
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, received_order, running_batch, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

__all__ = ["raised"]
LATER = NOON + timedelta(hours=1)


def written(*, at: datetime = NOON) -> Any:
    """A running batch that may begin with words, with moments, or with reading."""
    extra = [
        step("T01", "text", "Write the seal", pattern="AA-99", longest=5, after=[]),
        step("T02", "date_time", "Write when it thawed", earliest_seconds=-7200,
             latest_seconds=0, after=[]),
        step("T03", "instruction", "Read the sheet", after=[]),
        step("T04", "date_time", "Write when it was moved", relative_to="T03",
             earliest_seconds=0, after=[]),
        step("T05", "text", "Note anything", after=[]),
        step("T06", "text", "Note it within the hour", late_after_minutes=60, after=[]),
        step("T08", "hold_time", "Time on the bench", since="T03", until="T05", min_seconds=60,
             max_seconds=600, after=[]),
        step("T07", "timer", "Wait", min_seconds=1, after=[]),
    ]  # fmt: skip
    procedure = deepcopy(plain_document()["procedure"])
    operations = procedure["unit_procedures"][0]["operations"]
    operations.insert(0, {"code": "OP0", "title": "Writing", "steps": extra})
    version = effective_recipe(drafted_version(procedure=procedure))
    return running_batch(order=received_order(version=version), at=at)


def begun(code: str, **more: Any) -> Step:
    """A step of such a batch that was started."""
    return begin(step_of(written(**more), code))


def begin(one: Step, at: datetime = LATER) -> Step:
    return commands.start_step(step_id=one.pk, seen=one.version, act=act_by(operator(), at=at))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "text", "refusal"),
    [
        ("T01", "AB-1", "wrong_pattern"),
        ("T01", "AB-1X", "wrong_pattern"),
        ("T01", "ÄB-12", "wrong_pattern"),
        ("T01", "AB-١٢", "wrong_pattern"),
        ("T01", "AB-123", "too_long"),
        ("T05", " ", "blank"),
        ("T05", "a\x00b", "unprintable"),
        ("T02", "yesterday", "no_moment"),
        ("T02", "2026-02-30 12:00", "no_moment"),
        ("T02", "2026-11-23 13:01", "hard_limit"),
        ("T02", "2026-11-23 10:59", "hard_limit"),
        ("T02", "2026-11-23 13:00-01:00", "hard_limit"),
        ("T02", "0001-01-01 00:00+14:00", "no_moment"),
        ("T03", "", "not_read"),
    ],
)
def test_what_is_not_asked_for_is_refused_and_not_stored(
    code: str, text: str, refusal: str
) -> None:
    one = begun(code)
    with pytest.raises(Invalid) as refused:
        entered(one, text, at=LATER)
    assert refused.value.code == refusal
    assert not StepValue.objects.filter(step=one).exists()


@pytest.mark.django_db
@pytest.mark.requirement("DI-05")
def test_what_is_written_is_kept_as_typed_beside_what_was_understood() -> None:
    batch = written()
    seal = entered(begin(step_of(batch, "T01")), "AB-12", at=LATER)
    thawed = entered(begin(step_of(batch, "T02")), "2026-11-23 14:00 +01:00", at=LATER)
    read = entered(begin(step_of(batch, "T03")), "read", at=LATER)
    assert (seal.entered, seal.verdict, seal.source) == ("AB-12", "ok", "keyed")
    assert (thawed.entered, thawed.verdict) == ("2026-11-23 14:00 +01:00", "in_range")
    assert thawed.details == {"instant": "2026-11-23T13:00:00+00:00", "zone": "UTC"}
    assert (read.entered, read.source) == ("read", "confirmed")
    for code in ("T01", "T02", "T03"):
        assert signed(step_of(batch, code)).state == "complete"
    found = {one["code"]: one for one in plain(queries.record_of(batch))["steps"]}
    shown = value_pieces(found["T02"]["values"][0], found["T02"]["definition"])
    assert [words for words, _ in shown][:2] == [
        "2026-11-23 14:00 +01:00",
        "23 Nov 2026 13:00:00 UTC, entered in UTC",
    ]
    assert [words for words, _ in limits_of(found["T01"]["definition"])] == [
        "As AA-99 (A a letter, 9 a digit)"
    ]
    assert [words for words, _ in limits_of(found["T02"]["definition"])][1] == "Not after now"
    assert not list(Verifier().findings())


@pytest.mark.django_db
def test_a_step_with_an_instruction_is_not_signed_unread() -> None:
    with pytest.raises(Conflict, match="say that it was read"):
        signed(begun("T03"))


@pytest.mark.django_db
def test_a_moment_counts_from_the_end_of_another_step() -> None:
    batch = written()
    moved = begin(step_of(batch, "T04"))
    with pytest.raises(Conflict) as refused:
        entered(moved, "2026-11-23 13:00", at=LATER)
    assert refused.value.code == "no_reference"
    entered(begin(step_of(batch, "T03")), "read", at=LATER)
    ended = signed(step_of(batch, "T03")).completed_at
    assert ended is not None
    with pytest.raises(Invalid, match="the earliest"):
        entered(moved, f"{ended - timedelta(minutes=1):%Y-%m-%d %H:%M}", at=LATER)
    # To the minute, the minute in which the other step ended is not before its end.
    assert entered(moved, f"{ended:%Y-%m-%d %H:%M}", at=LATER).verdict == "in_range"


@pytest.mark.django_db
@pytest.mark.requirement("DI-06")
def test_words_are_corrected_by_words_beside_the_old_ones() -> None:
    one = begun("T01")
    entered(one, "AB-12", at=LATER)
    one = step_of(one.batch, "T01")
    commands.correct_value(
        step_id=one.pk, seen=one.version, entered="AB-13", reason="Misread", act=act_by(operator())
    )
    kept = StepValue.objects.filter(step=one).order_by("seq").values_list("entered", flat=True)
    assert list(kept) == ["AB-12", "AB-13"]


def test_a_time_that_the_clocks_skip_or_repeat_needs_its_zone() -> None:
    def told(text: str) -> datetime:
        return instant_from(text, zone="Europe/Zurich", pointer="/value")

    assert told("2026-11-23 14:05") == datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
    for text, code in (("2026-03-29 02:30", "no_moment"), ("2026-10-25 02:30", "ambiguous_moment")):
        with pytest.raises(Invalid) as refused:
            told(text)
        assert refused.value.code == code
    assert told("2026-10-25 02:30+01:00") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_pattern_is_followed_letter_by_letter() -> None:
    assert follows_pattern("LOT-7", "LOT-9".replace("L", "A", 1))
    assert not follows_pattern("lOT-7", "AOT-9")
    assert not follows_pattern("AB-1", "AA-99")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("T01", "As AA-99: A a letter, 9 a digit"),
        ("T02", "YYYY-MM-DD HH:MM, in UTC unless a zone is added"),
        ("T03", "I have read it"),
        ("T08", "From the end of step T03 to the start of step T05"),
    ],
)
def test_the_screen_asks_and_takes_it(code: str, said: str) -> None:
    client = signed_in(operator())
    one = begin(step_of(written(at=now()), code), now())
    assert said in client.get(path(one)).content.decode()
    if code == "T08":
        return
    moment = f"{now() - timedelta(minutes=5):%Y-%m-%d %H:%M}"
    answer = client.post(
        path(one) + "value/",
        {"version": one.version, "value": {"T01": "XY-01", "T02": moment, "T03": "read"}[code]},
    )
    assert answer.status_code == 303
    page = client.get(path(one)).content.decode()
    assert {"T01": "XY-01", "T02": f"{moment}, that is {moment}:00 UTC", "T03": "read"}[
        code
    ] in page


@pytest.mark.django_db
@pytest.mark.requirement("CGMP-21")
@pytest.mark.parametrize(
    ("seconds", "verdict", "told"),
    [
        (59, "not_accepted", "hold_time"),
        (60, "in_range", ""),
        (600, "in_range", ""),
        (601, "late", "hold_time"),
    ],
)
def test_the_time_between_two_steps_is_counted_by_the_server(
    seconds: int, verdict: str, told: str, raised: list[ExceptionRaised]
) -> None:
    batch = written()
    held = begin(step_of(batch, "T08"))
    with pytest.raises(Conflict, match="T03 is not complete yet"):
        entered(held, "", at=LATER)
    entered(begin(step_of(batch, "T03")), "read", at=LATER)
    ended = signed(step_of(batch, "T03")).completed_at
    assert ended is not None
    with pytest.raises(Conflict, match="T05 was not started yet"):
        entered(held, "", at=LATER)
    begin(step_of(batch, "T05"), ended + timedelta(seconds=seconds))
    # It does not matter when somebody looks: both times are stored.
    value = entered(held, "", at=ended + timedelta(days=1))
    assert (value.value, value.unit, value.verdict) == (seconds, "s", verdict)
    assert value.source == "computed"
    assert [one.exception_kind for one in raised] == ([told] if told else [])
