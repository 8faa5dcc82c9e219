"""Races on real connections: of several at once exactly one wins, and the rest are told clearly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from audit.models import LedgerEntry, Signature, User
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Step, StepValue
from kernel.errors import Conflict, Refusal
from tests.conftest import NOON
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import (
    again,
    batch_at,
    issued_batch,
    operator,
    received_order,
    step_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


def at_once(*attempts: Callable[[], Any]) -> list[str]:
    """Run all attempts at the same moment; the outcome of each: "done" or its refusal's code."""
    gate = Barrier(len(attempts))

    def one(attempt: Callable[[], Any]) -> str:
        try:
            gate.wait(10)
            attempt()
        except Refusal as refusal:
            return refusal.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return sorted(pool.map(one, attempts))


def people() -> tuple[User, User]:
    return operator("olivia"), operator("oscar")


@pytest.mark.requirement("P11-08")
def test_two_operators_start_one_step() -> None:
    batch, step = batch_at("S03")
    outcomes = at_once(
        *(
            lambda user=user: commands.start_step(
                step_id=step.pk, seen=step.version, act=act_by(user, at=LATER)
            )
            for user in people()
        )
    )
    assert outcomes == ["already_done", "done"]
    assert step_of(batch, "S03").version == step.version + 1


@pytest.mark.requirement("P11-08")
def test_two_operators_enter_one_value() -> None:
    _, step = batch_at("S05")
    step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator(), at=LATER))
    outcomes = at_once(
        *(
            lambda user=user, text=text: commands.enter_value(
                step_id=step.pk, seen=step.version, entered=text, act=act_by(user, at=LATER)
            )
            for user, text in zip(people(), ("75", "76"), strict=True)
        )
    )
    assert outcomes == ["done", "stale_view"]
    assert StepValue.objects.filter(step=step).count() == 1


def sign_at_once(step: Step, users: tuple[User, ...]) -> list[str]:
    digest = digest_of(queries.step_statement(step))
    return at_once(
        *(
            lambda user=user: commands.sign_step(
                step_id=step.pk,
                seen=step.version,
                proof=proof_of(user, at=LATER),
                seen_digest=digest,
                act=act_by(user, at=LATER),
            )
            for user in users
        )
    )


def filled_step() -> Step:
    batch, step = batch_at("S05")
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator(), at=LATER))
    commands.enter_value(
        step_id=step.pk, seen=step.version + 1, entered="75", act=act_by(operator(), at=LATER)
    )
    return step_of(batch, "S05")


@pytest.mark.requirement("P11-08")
def test_two_operators_sign_one_step() -> None:
    step = filled_step()
    assert sign_at_once(step, people()) == ["already_done", "done"]
    signatures = Signature.objects.filter(subject_type="batches.Step", subject_id=step.pk)
    assert signatures.count() == 1
    assert signatures.get().signer_id == step_of(step.batch, "S05").performed_by_id
    assert not list(Verifier().findings())


@pytest.mark.requirement("P11-08")
def test_a_double_click_signs_once() -> None:
    step = filled_step()
    assert sign_at_once(step, (operator(), operator())) == ["already_done", "done"]
    assert Signature.objects.filter(subject_id=step.pk, meaning="performed").count() == 1


def test_a_hold_and_a_signature_at_once_leave_no_signature_after_the_hold() -> None:
    step = filled_step()
    digest = digest_of(queries.step_statement(step))
    before = LedgerEntry.objects.filter(stream=step.batch.stream()).count()
    outcomes = at_once(
        lambda: commands.sign_step(
            step_id=step.pk,
            seen=step.version,
            proof=proof_of(operator(), at=LATER),
            seen_digest=digest,
            act=act_by(operator(), at=LATER),
        ),
        lambda: commands.hold_batch(
            batch_id=step.batch_id, cause="person", reason="Stop", act=act_by(operator("oscar"))
        ),
    )
    assert outcomes in (["done", "done"], ["done", "on_hold"])
    assert again(step.batch).state == "on_hold"
    verbs = list(
        LedgerEntry.objects.filter(stream=step.batch.stream(), seq__gt=before)
        .filter(verb__in=("perform", "hold"))
        .exclude(verb="hold", subject_type="batches.Step")
        .order_by("seq")
        .values_list("verb", flat=True)
    )
    assert verbs == (["perform", "hold"] if outcomes == ["done", "done"] else ["hold"])


@pytest.mark.requirement("S88-04", "ATMP-08")
def test_of_many_batches_that_start_in_one_room_one_is_made() -> None:
    batches = [issued_batch(order=received_order()) for _ in range(6)]
    operator()
    outcomes = at_once(
        *(
            lambda batch=batch: commands.start_batch(
                batch_id=batch.pk, seen=batch.version, act=act_by(operator(), at=LATER)
            )
            for batch in batches
        )
    )
    assert outcomes == ["done", *["room_busy"] * 5]
    assert Batch.objects.filter(state="in_progress").count() == 1
    waiting = Batch.objects.filter(state="issued")[0]
    with pytest.raises(Conflict):
        commands.start_batch(batch_id=waiting.pk, seen=waiting.version, act=act_by(operator()))
