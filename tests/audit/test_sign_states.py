"""Valid, invalidated, broken: one function says which, and each stands where the signature stands."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audit.models import Signature
from audit.queries import Standing, Validity, judged, signatures_of
from audit.queries.validity import state_of
from batches.models import Step
from mes.record import record_document
from tests.audit.test_sign_lockout import filled
from tests.batches.test_screens import field, path, signed_in, signing
from tests.worlds.audit import PASSWORD
from tests.worlds.batches import again, operator, step_of, verifier
from tests.worlds.quality import disposition, qualified, quality, raised, reviewed_batch
from tests.worlds.recipes import effective_recipe

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-16", "P11-17")]


def signed_step() -> tuple[Client, Step]:
    """A step that two people signed."""
    verifier()
    client = signed_in(operator())
    step = filled("S05", client, "75,0", unit="mL")
    signing(client, step, "sign", username="olivia", password=PASSWORD)
    signing(client, step, "verify", username="vera", password=PASSWORD)
    return client, step


def corrected(client: Client, step: Step, value: str) -> None:
    """The value of the step, corrected and signed again by both."""
    correct = path(step) + "correct/"
    form = {"version": step_of(step.batch, "S05").version, "value": value, "reason": "Mistyped"}
    shown = client.post(correct, form)
    names = ("digest", "challenge", "witness_challenge")
    form |= {name: field(shown, name, correct) for name in names}
    both = {"password": PASSWORD, "witness_username": "vera", "witness_password": PASSWORD}
    assert client.post(correct, {**form, **both}).status_code == 303


def states(step: Step) -> list[str]:
    return [str(one.validity) for one in judged(signatures_of(step).order_by("pk"))]


def page_of(client: Client, step: Step) -> str:
    return str(client.get(path(step)).content.decode())


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing.AS_SIGNED, Validity.VALID),
        (Standing.CHANGED, Validity.INVALIDATED),
        (Standing.ALTERED, Validity.BROKEN),
    ],
)
def test_a_whole_seal_leaves_the_word_to_the_record(standing: Standing, state: Validity) -> None:
    effective_recipe()
    signature = Signature.objects.first()
    assert signature is not None
    assert state_of(signature, standing) is state
    signature.signer_name = "Somebody Else"
    assert state_of(signature, standing) is Validity.BROKEN


def test_a_recorded_correction_invalidates_and_the_new_signatures_are_valid() -> None:
    client, step = signed_step()
    assert states(step) == ["valid", "valid"]
    assert "no longer valid" not in page_of(client, step)
    assert "Invalidated" not in page_of(client, step)
    corrected(client, step, "57")
    assert states(step) == ["invalidated", "invalidated", "valid", "valid"]
    corrected(client, step, "58")
    assert states(step) == [*["invalidated"] * 4, "valid", "valid"]
    assert page_of(client, step).count("changed after this signature, by recorded acts") == 4
    number = step.batch.number
    assert client.get(f"/batches/{number}/").content.decode().count("Invalidated") == 4
    desk, page = signed_in(quality()), f"/batches/{number}/review/"
    for asked in (f"{page}?signatures=1", f"{page}signatures/"):
        assert "4 signatures no longer valid" in desk.get(asked).content.decode()
    assert "not checked yet" in desk.get(page).content.decode()
    told = record_document(again(step.batch))["signature_states"]
    assert [told[str(one.pk)] for one in signatures_of(step)] == states(step)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE batches_stepvalue SET entered = '99' WHERE step_id = {step}",
        "DELETE FROM batches_stepvalue WHERE step_id = {step}",
        "UPDATE audit_signature SET signer_name = 'X' WHERE subject_id = {step}",
        "UPDATE audit_signature SET statement = '{{}}' WHERE subject_id = {step}",
        "UPDATE audit_signature SET signed_at = signed_at - interval '1 d'"
        " WHERE subject_id = {step}",
    ],
)
def test_what_nobody_recorded_is_broken_and_said_so_everywhere(attack: str, attacker: Any) -> None:
    client, step = signed_step()
    attacker.execute(attack.format(step=step.pk))
    assert states(step) == ["broken", "broken"]
    assert "This is not what was signed" in page_of(client, step)
    batch = client.get(f"/batches/{step.batch.number}/").content.decode()
    assert batch.count("Broken") == 2


def test_a_released_batch_stands_on_valid_signatures_only() -> None:
    batch = reviewed_batch()
    disposition(batch, "released", qualified())
    told = record_document(again(batch))["signature_states"]
    assert set(told.values()) == {"valid"}
    assert len(told) == Signature.objects.filter(in_stream=batch.stream()).count()


def test_a_review_is_invalidated_by_what_is_recorded_after_it() -> None:
    batch = reviewed_batch()
    reviews = Signature.objects.filter(subject_type="quality.Review", in_stream=batch.stream())
    assert {one.validity for one in judged(reviews)} == {Validity.VALID}
    raised(batch)
    found = {one.statement.get("review", "trail"): one.validity for one in judged(reviews)}
    assert found["quality"] is Validity.INVALIDATED
    assert found["trail"] is Validity.INVALIDATED
