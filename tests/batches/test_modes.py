"""Modes: who may take over from an instrument, and what that leaves on the record (S88-06)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.verification import Verifier
from batches import commands, queries
from batches.models import Step
from batches.states import MODE
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted
from quality.models import BatchException
from tests.batches.test_execution import entered, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by
from tests.worlds.batches import batch_at, operator, step_of
from tests.worlds.quality import quality
from tests.worlds.recipes import engineer
from tests.worlds.weighings import begun, empty, finished, full, returned

pytestmark = pytest.mark.django_db
WHY = "The probe is broken; the display of the room says so."


def sensing() -> Step:
    """A step that takes the temperature of the room, begun."""
    batch, _ = batch_at("S07")
    begin(step_of(batch, "S07"))
    return step_of(batch, "S07")


def switched(one: Step, verb: str = "take_over", reason: str = WHY, by: Any = None) -> Step:
    return commands.switch_mode(
        step_id=one.pk,
        seen=step_of(one.batch, one.code).version,
        verb=verb,
        reason=reason,
        act=act_by(by or quality(), at=LATER),
    )


@pytest.mark.requirement("S88-06")
def test_a_step_begins_in_the_mode_of_its_kind() -> None:
    batch, _ = batch_at("S06")
    modes = dict(batch.steps.values_list("code", "mode"))
    assert {code for code, mode in modes.items() if mode == "automatic"} == {"S06", "S07", "S08"}
    assert modes["S01"] == "semi_automatic"


@pytest.mark.requirement("S88-06")
def test_manual_needs_the_right_and_a_reason_and_leaves_nothing_without() -> None:
    one = sensing()
    for person in (operator(),):
        with pytest.raises(NotPermitted):
            switched(one, by=person)
    with pytest.raises(Invalid):
        switched(one, reason=" ")
    with pytest.raises(Invalid):
        switched(one, verb="take")
    assert step_of(one.batch, one.code).mode == "automatic"
    client = signed_in(operator())
    form = {"version": one.version, "verb": "take_over", "reason": WHY}
    assert client.post(f"{path(one)}phase/", form).status_code == 403
    assert step_of(one.batch, one.code).mode == "automatic"
    assert "Manual mode" not in client.get(path(one)).content.decode()


@pytest.mark.requirement("S88-06", "A11D-06")
def test_what_is_typed_in_manual_mode_is_marked_and_signed_by_two() -> None:
    one = sensing()
    with pytest.raises(Conflict) as refused:
        entered(one, "21,4", at=LATER)
    assert refused.value.code == "no_live_value"
    switched(one, by=engineer())
    for text, reason, code in (
        ("21.4", "", "reason_needed"),
        ("31.0", WHY, "hard_limit"),
        ("warm", WHY, "not_a_number"),
    ):
        with pytest.raises(Invalid) as wrong:
            entered(step_of(one.batch, one.code), text, reason=reason, at=LATER)
        assert wrong.value.code == code
    value = entered(step_of(one.batch, one.code), "21,4", reason=WHY, at=LATER)
    assert (value.value, value.source) == (Decimal("21.4"), "keyed")
    done = signed(step_of(one.batch, one.code), at=LATER)
    assert done.state == "performed"
    kinds = set(BatchException.objects.values_list("kind", flat=True))
    assert {"mode", "keyed"} <= kinds
    record = queries.record_of(one.batch)
    [told] = [each for each in record["steps"] if each["code"] == one.code]
    assert told["mode"] == "manual"
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-06")
def test_a_step_is_given_back_to_its_instrument() -> None:
    one = sensing()
    switched(one)
    with pytest.raises(IllegalMove):
        switched(one)
    assert switched(one, "give_back").mode == "automatic"
    with pytest.raises(Conflict) as refused:
        entered(step_of(one.batch, one.code), "21.4", reason=WHY, at=LATER)
    assert refused.value.code == "no_live_value"


@pytest.mark.requirement("S88-06")
def test_where_the_scale_alone_counts_manual_mode_lets_people_type() -> None:
    one = begun(automated=True)
    switched(one)
    empty(one, entered="8.3", unit="g", reason=WHY)
    full(one, "", entered="20.8", unit="g", reason=WHY)
    finished(one)
    with pytest.raises(AlreadyDone):
        switched(one, "give_back")
    assert signed(step_of(one.batch, one.code), at=LATER).state == "performed"


@pytest.mark.requirement("CGMP-19", "A11D-06")
def test_a_typed_weight_asks_for_two_people_even_where_the_scale_has_it_back() -> None:
    one = begun(automated=True)
    switched(one)
    empty(one, entered="8.3", unit="g", reason=WHY)
    full(one, "", entered="20.8", unit="g", reason=WHY)
    switched(one, "give_back")
    finished(one)
    assert signed(step_of(one.batch, one.code), at=LATER).state == "performed"


@pytest.mark.requirement("CGMP-19")
def test_a_container_that_went_back_asks_for_two_people() -> None:
    one = begun(automated=True)
    empty(one)
    full(one, "20.8")
    returned(one, 1, "The wrong bottle was opened.")
    empty(one)
    full(one, "20.8")
    finished(one)
    assert signed(step_of(one.batch, one.code), at=LATER).state == "performed"


def test_a_step_without_an_instrument_has_no_manual_mode() -> None:
    batch, one = batch_at("S05")
    begin(one)
    with pytest.raises(Conflict) as refused:
        switched(step_of(batch, "S05"))
    assert refused.value.code == "no_instrument"


def test_the_table_knows_three_modes() -> None:
    assert MODE.states == {"automatic", "semi_automatic", "manual"}
