"""Execution: every kind of step, in the order of the recipe, signed by one person or by two."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.models import LedgerEntry, Signature
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.events import ExceptionRaised
from batches.models import Batch, Order, Step, StepValue
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted, StaleView
from kernel.events import set_readers
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import (
    again,
    batch_at,
    completed_batch,
    operator,
    perform_step,
    running_batch,
    shift,
    step_of,
    verifier,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def raised() -> Any:
    """The exceptions that were told to the floor above."""
    from mes import wiring

    told: list[ExceptionRaised] = []
    set_readers({ExceptionRaised: [told.append]})
    yield told
    wiring.connect()


def entered(step: Step, text: str, **more: Any) -> Any:
    """Enter a value at a step as the operator."""
    return commands.enter_value(
        step_id=step.pk,
        seen=more.pop("seen", step.version),
        entered=text,
        act=act_by(more.pop("by", operator()), at=more.pop("at", NOON + timedelta(hours=1))),
        **more,
    )


def started(code: str, **more: Any) -> Step:
    """A step that was started, all before it complete."""
    _, step = batch_at(code, **more)
    return commands.start_step(
        step_id=step.pk, seen=step.version, act=act_by(operator(), at=NOON + timedelta(hours=1))
    )


@pytest.mark.requirement("CGMP-05", "CGMP-15", "CGMP-04", "P11-15")
def test_a_whole_batch_is_performed_and_its_record_verifies() -> None:
    batch = completed_batch()
    assert batch.state == "execution_complete"
    steps = list(batch.steps.all())
    assert {step.state for step in steps} == {"complete"}
    assert all(step.started_at and step.completed_at and step.performed_by for step in steps)
    verified = {step.code for step in steps if step.verified_by_id}
    assert verified == {"S02", "S05"}
    meanings = list(
        Signature.objects.filter(in_stream=batch.stream()).values_list("meaning", flat=True)
    )
    assert (meanings.count("performed"), meanings.count("verified")) == (11, 2)
    assert Order.objects.get().state == "manufacturing"
    assert batch.control_recipe_digest == batch.recipe_version.document_digest
    assert not list(Verifier().findings())


@pytest.mark.requirement("DI-05")
def test_a_number_is_kept_as_entered_beside_what_was_understood() -> None:
    step = started("S05")
    value = entered(step, "75,10", unit="mL")
    stored = StepValue.objects.get(pk=value.pk)
    assert (stored.entered, stored.value, stored.unit) == ("75,10", Decimal("75.10"), "mL")
    assert stored.verdict == "in_range"


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("500", "mL", "hard_limit"),
        ("-1", "mL", "hard_limit"),
        ("75", "L", "unit_mismatch"),
        ("75", "parsec", "unknown_unit"),
        ("NaN", "mL", "not_a_number"),
        ("1e309", "mL", "number_out_of_range"),
        ("٧٥", "mL", "not_a_number"),
        ("", "mL", "not_a_number"),
        ("75.00000000001", "mL", "too_precise"),
        ("42.0", "mL", "reason_needed"),
    ],
)
def test_a_bad_number_is_refused_and_nothing_is_stored(text: str, unit: str, code: str) -> None:
    step = started("S05")
    with pytest.raises(Invalid) as refused:
        entered(step, text, unit=unit)
    assert refused.value.code == code
    assert StepValue.objects.filter(step=step).count() == 0
    assert step_of(step.batch, "S05").version == step.version


@pytest.mark.requirement("A11D-05")
def test_beyond_a_soft_limit_a_reason_makes_an_exception(raised: list[ExceptionRaised]) -> None:
    step = started("S05")
    value = entered(step, "42.0", reason="The bag was small")
    assert (value.verdict, value.reason) == ("soft_limit", "The bag was small")
    assert [(one.exception_kind, one.severity) for one in raised] == [("soft_limit", "critical")]


def test_the_limit_is_met_after_rounding_half_up() -> None:
    assert entered(started("S05"), "49.95").verdict == "in_range"


@pytest.mark.requirement("P11-08")
def test_a_later_step_cannot_be_started_filled_or_signed() -> None:
    batch, _ = batch_at("S03")
    later = step_of(batch, "S05")
    before = LedgerEntry.objects.count()
    for attempt in (
        lambda: commands.start_step(step_id=later.pk, seen=later.version, act=act_by(operator())),
        lambda: entered(later, "75"),
        lambda: signed(later),
    ):
        with pytest.raises(IllegalMove):
            attempt()
    assert LedgerEntry.objects.count() == before
    assert step_of(batch, "S05").state == "waiting"


def signed(step: Step, **more: Any) -> Step:
    """Sign a step as the operator."""
    user = more.pop("by", operator())
    at = more.pop("at", NOON + timedelta(hours=1))
    return commands.sign_step(
        step_id=step.pk,
        seen=more.pop("seen", step.version),
        proof=proof_of(user, at=at),
        seen_digest=more.pop(
            "digest", digest_of(queries.step_statement(step_of(step.batch, step.code)))
        ),
        act=act_by(user, at=at),
    )


def test_steps_side_by_side_are_open_at_the_same_time() -> None:
    batch, _ = batch_at("S06")
    states = dict(batch.steps.values_list("code", "state"))
    assert (states["S06"], states["S07"], states["S08"]) == ("ready", "ready", "waiting")
    perform_step(step_of(batch, "S06"), shift(at=NOON + timedelta(hours=2)))
    assert step_of(batch, "S08").state == "waiting"


def test_a_step_without_its_value_cannot_be_signed() -> None:
    with pytest.raises(Conflict) as refused:
        signed(started("S05"))
    assert refused.value.code == "missing_value"


@pytest.mark.requirement("P11-08", "P11-17")
def test_a_stale_screen_signs_nothing() -> None:
    step = started("S05")
    entered(step, "75")
    now = step_of(step.batch, "S05")
    for attempt in (
        lambda: signed(now, seen=step.version),
        lambda: signed(now, digest="0" * 64),
    ):
        with pytest.raises(StaleView):
            attempt()
    assert step_of(step.batch, "S05").state == "running"


def test_a_second_value_is_a_correction_or_nothing() -> None:
    step = started("S05")
    entered(step, "75")
    with pytest.raises(AlreadyDone):
        entered(step_of(step.batch, "S05"), "76")


@pytest.mark.requirement("DI-06", "P11-06")
def test_a_correction_keeps_the_old_value_and_needs_a_reason(raised: list[ExceptionRaised]) -> None:
    step = started("S05")
    entered(step, "75")
    step = step_of(step.batch, "S05")
    with pytest.raises(Invalid):
        commands.correct_value(
            step_id=step.pk, seen=step.version, entered="57", reason=" ", act=act_by(operator())
        )
    commands.correct_value(
        step_id=step.pk,
        seen=step.version,
        entered="57",
        reason="Digits swapped",
        act=act_by(operator(), at=NOON + timedelta(hours=1)),
    )
    values = queries.values_of(step)
    assert [(value.entered, value.corrects_id) for value in values] == [
        ("75", None),
        ("57", values[0].pk),
    ]
    assert [value.entered for value in queries.current_values(values)] == ["57"]
    assert [one.exception_kind for one in raised] == ["correction"]


@pytest.mark.requirement("CGMP-15", "A11-06")
def test_the_performer_cannot_verify() -> None:
    user = person("both", "operator", "verifier", at_site=site("PLANT"))
    step = started("S05")
    entered(step, "75", by=user)
    step = signed(step_of(step.batch, "S05"), by=user)
    with pytest.raises(NotPermitted):
        verified(step, by=user)
    assert step_of(step.batch, "S05").state == "performed"


def verified(step: Step, **more: Any) -> Step:
    """Verify a step as the second person."""
    user = more.pop("by", verifier())
    at = NOON + timedelta(hours=1)
    return commands.verify_step(
        step_id=step.pk,
        seen=step.version,
        proof=proof_of(user, at=at),
        seen_digest=digest_of(queries.step_statement(step_of(step.batch, step.code))),
        act=act_by(user, at=at),
    )


@pytest.mark.requirement("CGMP-15")
def test_a_significant_step_waits_for_its_second_person() -> None:
    step = started("S05")
    entered(step, "75")
    step = signed(step_of(step.batch, "S05"))
    assert (step.state, step_of(step.batch, "S06").state) == ("performed", "waiting")
    assert verified(step).state == "complete"
    assert step_of(step.batch, "S06").state == "ready"


def test_an_operator_without_the_role_cannot_verify() -> None:
    step = started("S05")
    entered(step, "75")
    step = signed(step_of(step.batch, "S05"))
    with pytest.raises(NotPermitted):
        verified(step, by=operator("oscar"))


@pytest.mark.requirement("P11-08")
def test_nothing_is_done_while_the_batch_is_on_hold() -> None:
    step = started("S05")
    entered(step, "75")
    step = step_of(step.batch, "S05")
    commands.hold_batch(
        batch_id=step.batch_id, cause="person", reason="A noise", act=act_by(operator())
    )
    for attempt in (
        lambda: signed(step),
        lambda: entered(step, "76"),
        lambda: commands.correct_value(
            step_id=step.pk, seen=step.version, entered="7", reason="x", act=act_by(operator())
        ),
    ):
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == "on_hold"


@pytest.mark.requirement("CGMP-21")
def test_a_timer_is_neither_ended_too_early_nor_late_without_an_exception(
    raised: list[ExceptionRaised],
) -> None:
    step = started("S06")
    assert step.started_at is not None
    with pytest.raises(Conflict) as refused:
        entered(step, "", at=step.started_at + timedelta(seconds=59))
    assert refused.value.code == "too_early"
    value = entered(step, "", at=step.started_at + timedelta(seconds=601))
    assert (value.value, value.unit, value.verdict) == (Decimal("601.0"), "s", "late")
    assert [one.exception_kind for one in raised] == ["late"]


def test_a_sensor_step_takes_only_a_live_value() -> None:
    step = started("S07")
    with pytest.raises(Conflict) as refused:
        entered(step, "21.0")
    assert refused.value.code == "no_live_value"


def test_a_calculation_takes_the_patients_weight_and_the_values_found() -> None:
    batch = completed_batch(weight="82.5")
    value = StepValue.objects.get(batch=batch, name="dose")
    # 75.0 mL / 82.5 kg × 0.5, half up to three places
    assert (value.entered, value.source) == ("0.455", "computed")
    assert [one["value"] for one in value.details["inputs"]] == ["0.5", "75.0", "82.5"]


@pytest.mark.requirement("ATMP-08")
def test_a_wrong_bag_stops_the_batch_and_both_are_on_the_record(
    raised: list[ExceptionRaised],
) -> None:
    batch, step = batch_at("S02")
    step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    outcome = entered(step, "P-9999/1", source="scanned")
    assert outcome.is_match is False
    assert again(batch).state == "on_hold"
    assert [(v.entered, v.verdict) for v in queries.values_of(step)] == [("P-9999/1", "mismatch")]
    assert queries.current_values(queries.values_of(step)) == []
    assert [(one.exception_kind, one.severity) for one in raised] == [("identity", "critical")]


def test_a_typed_code_needs_a_reason_and_is_an_exception(raised: list[ExceptionRaised]) -> None:
    step = started("S03")
    with pytest.raises(Invalid) as refused:
        entered(step, "BAL-1", source="keyed")
    assert refused.value.code == "reason_needed"
    value = entered(step, "BAL-1", source="keyed", reason="The scanner is broken")
    assert value.source == "keyed"
    assert [(one.exception_kind, one.severity) for one in raised] == [("keyed", "note")]


def test_a_choice_that_is_not_accepted_is_an_exception(raised: list[ExceptionRaised]) -> None:
    step = started("S09")
    value = entered(step, "cloudy", reason="It is")
    assert (value.verdict, value.details["label"]) == ("not_accepted", "Cloudy")
    assert [one.exception_kind for one in raised] == ["not_accepted"]


def test_every_point_of_a_confirmation_must_be_ticked() -> None:
    batch = running_batch()
    step = step_of(batch, "S01")
    step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    with pytest.raises(Invalid):
        entered(step, "0")
    assert entered(step, "0,1").entered == "2 of 2 confirmed"


def test_an_operator_of_another_site_sees_no_batch() -> None:
    batch = running_batch()
    stranger = person("nora", "operator", at_site=site("NORTH"))
    step = step_of(batch, "S01")
    from kernel.errors import NotFound

    with pytest.raises(NotFound):
        commands.start_step(step_id=step.pk, seen=step.version, act=act_by(stranger))
    with pytest.raises(NotFound):
        queries.batch_numbered(batch.number, stranger)
    assert Batch.objects.get().state == "in_progress"
