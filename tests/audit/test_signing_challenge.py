"""One signing dialog, one signature: what was shown is bound to who, where, what and meaning what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.commands.challenges import ask_challenge, sweep_challenges
from audit.models import Signature, SigningChallenge
from audit.signing import Answered, Proof, digest_of, sign, subject_of
from audit.verification import Verifier
from kernel.errors import NotPermitted, StaleView, WrongCredentials
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-17", "P11-21", "P11-24")]
STATEMENT = {"value": "12.5"}
HERE, ELSEWHERE = "a" * 64, "b" * 64


def shown(**changes: Any) -> UUID:
    """A dialog on the screen of anna."""
    given = {
        "person": person("anna"),
        "session": HERE,
        "subject": subject_of(site()),
        "meaning": "performed",
        "digest": digest_of(STATEMENT),
        "at": NOON,
    }
    return ask_challenge(**{**given, **changes}).pk


def signed(challenge: UUID, *, session: str = HERE, **changes: Any) -> Signature:
    """Sign a dialog as anna, who is signed in."""
    anna = person("anna")
    answered = Answered(challenge=challenge, session=session, person_id=anna.pk)
    given: dict[str, Any] = {
        "act": act_by(anna),
        "proof": Proof(user=anna, at=NOON, answered=answered),
        "subject": site(),
        "meaning": "performed",
        "statement": STATEMENT,
        "seen_digest": digest_of(STATEMENT),
    }
    return sign(**{**given, **changes})


def test_a_dialog_is_signed_once() -> None:
    challenge = shown()
    signed(challenge)
    with pytest.raises(WrongCredentials, match="signed before"):
        signed(challenge)
    assert Signature.objects.count() == 1
    assert list(Verifier().findings()) == []


@pytest.mark.parametrize(
    ("asked", "given", "words"),
    [
        ({}, {"session": ELSEWHERE}, "another session"),
        ({"session": ELSEWHERE}, {}, "another session"),
        ({"meaning": "verified"}, {}, "another record, content or meaning"),
        ({}, {"meaning": "verified"}, "another record, content or meaning"),
        ({"digest": digest_of({"value": "9"})}, {}, "another record, content or meaning"),
        ({"subject": "audit.Site 0"}, {}, "another record, content or meaning"),
        ({"at": NOON - timedelta(minutes=10, microseconds=1)}, {}, "ten minutes ago"),
    ],
)
def test_a_dialog_serves_only_what_it_was_shown_for(
    asked: dict[str, Any], given: dict[str, Any], words: str
) -> None:
    challenge = shown(**asked)
    with pytest.raises(WrongCredentials, match=words):
        signed(challenge, **given)
    assert not Signature.objects.exists()
    # A refusal takes nothing away: the transaction was undone.
    assert SigningChallenge.objects.filter(pk=challenge).exists()


def test_a_dialog_shown_to_somebody_else_is_refused() -> None:
    challenge = shown(person=person("bert"))
    with pytest.raises(WrongCredentials, match="another session"):
        signed(challenge)
    assert not Signature.objects.exists()


def test_a_dialog_nobody_showed_and_a_changed_record_are_refused() -> None:
    with pytest.raises(WrongCredentials, match="signed before, or is too old"):
        signed(uuid4())
    with pytest.raises(StaleView):
        signed(shown(), statement={"value": "13"})
    assert not Signature.objects.exists()


def test_a_dialog_lasts_ten_minutes_and_no_longer() -> None:
    signed(shown(at=NOON - timedelta(minutes=10)))
    assert Signature.objects.count() == 1


def test_in_production_nothing_is_signed_without_a_dialog(settings: Any) -> None:
    anna = person("anna")
    settings.ONELOT_ENV = "prod"
    with pytest.raises(NotPermitted, match="without a signing dialog"):
        signed(uuid4(), proof=Proof(user=anna, at=NOON))
    assert not Signature.objects.exists()


def test_old_dialogs_are_swept_and_young_ones_stay() -> None:
    old, young = shown(at=NOON - timedelta(minutes=11)), shown()
    assert sweep_challenges(at=NOON) == 1
    assert set(SigningChallenge.objects.values_list("pk", flat=True)) == {young} != {old}


def test_the_table_of_dialogs_costs_no_write_ahead_log(superuser: Any) -> None:
    superuser.execute(
        "SELECT relpersistence FROM pg_class WHERE relname = 'audit_signingchallenge'"
    )
    assert superuser.fetchone() == ("u",)
