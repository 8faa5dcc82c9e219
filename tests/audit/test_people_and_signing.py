"""People, roles, tokens and signatures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.acts import NothingRecorded, command, record
from audit.commands import add_user, create_token, deactivate_user, grant_role
from audit.models import LedgerEntry, Signature
from audit.permissions import holds
from audit.queries import signatures_of
from audit.signing import Proof, digest_of, sign
from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotPermitted, StaleView
from tests.conftest import NOON
from tests.worlds.audit import act_by, client_token, person, proof_of, site

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("P11-18", "P11-27")
@pytest.mark.parametrize("variant", ["anna", "ANNA", " Anna ", "ａnna"])
def test_a_user_name_is_never_used_again(variant: str) -> None:
    deactivate_user(user=person("anna"), act=act_by())
    with pytest.raises(Invalid):
        add_user(username=variant, full_name="Other", employee_id="E-2", act=act_by())


def test_a_role_holds_at_its_site_only() -> None:
    anna = person("anna", "operator", at_site=site("PLANT"))
    assert holds(anna, "operator", site_id=site("PLANT").pk)
    assert not holds(anna, "operator", site_id=site("NORTH").pk)
    assert not holds(anna, "qp", site_id=site("PLANT").pk)


@pytest.mark.requirement("A11D-14", "DI-13")
@pytest.mark.parametrize("pair", [("admin", "qp"), ("operator", "qa"), ("engineer", "qa")])
def test_conflicting_duties_are_refused(pair: tuple[str, str]) -> None:
    anna = person("anna", pair[0])
    with pytest.raises(Conflict):
        grant_role(user=anna, role=pair[1], site=None, act=act_by())


def test_a_closed_account_holds_nothing() -> None:
    anna = person("anna", "operator")
    deactivate_user(user=anna, act=act_by())
    assert not holds(anna, "operator")


@pytest.mark.requirement("SEC-33")
def test_a_token_is_stored_as_a_digest_only() -> None:
    token, text = client_token(site("NORTH"))
    assert text.startswith("mes_live_")
    assert text not in str(token.__dict__)
    assert not LedgerEntry.objects.filter(entry__contains=text).exists()


@pytest.mark.requirement("P11-24")
def test_a_person_gets_no_token() -> None:
    with pytest.raises(Invalid):
        create_token(user=person("anna"), site=site(), scopes=["orders:read"], days=1, act=act_by())


def signed(by: Any, **changes: Any) -> Signature:
    given: dict[str, Any] = {
        "act": act_by(by),
        "proof": proof_of(by),
        "subject": site(),
        "meaning": "performed",
        "statement": {"value": "12.5"},
        "seen_digest": digest_of({"value": "12.5"}),
    }
    return sign(**{**given, **changes})


@pytest.mark.requirement("P11-15", "P11-16")
def test_a_signature_shows_name_time_and_meaning() -> None:
    anna = person("anna")
    signed(anna)
    (found,) = signatures_of(site())
    assert (found.signer_name, found.meaning, found.signed_at, found.time_zone) == (
        "Anna Example",
        "performed",
        NOON,
        "UTC",
    )
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("P11-17")
def test_what_was_not_shown_is_not_signed() -> None:
    with pytest.raises(StaleView):
        signed(person("anna"), seen_digest=digest_of({"value": "12.6"}))
    assert not Signature.objects.exists()


@pytest.mark.requirement("P11-24")
def test_nobody_signs_with_another_persons_proof() -> None:
    with pytest.raises(NotPermitted):
        signed(person("anna"), proof=proof_of(person("bert")))


def test_a_proof_grows_old() -> None:
    anna = person("anna")
    with pytest.raises(NotPermitted):
        signed(anna, proof=Proof(user=anna, at=NOON - timedelta(seconds=31)))


@pytest.mark.requirement("P11-24")
def test_a_service_account_never_signs() -> None:
    token, _ = client_token(site("NORTH"))
    with pytest.raises(NotPermitted):
        signed(token.user)


@pytest.mark.requirement("P11-17")
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_signature SET signer_name = 'Somebody Else'",
        "UPDATE audit_signature SET signed_at = signed_at - interval '1 day'",
        "UPDATE audit_signature SET meaning = 'released'",
        "UPDATE audit_signature SET subject_id = subject_id + 1",
        'UPDATE audit_signature SET statement = \'{"value": "12.6"}\'',
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_tampered_signature_is_named(attack: str, superuser: Any) -> None:
    made = signed(person("anna"))
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(attack)
    wheres = {finding.where for finding in Verifier().findings() if finding.kind == "signature"}
    assert wheres == {f"signature {made.pk}"}


def test_a_command_that_records_nothing_is_refused() -> None:
    @command
    def idle(*, act: Any) -> None:
        return None

    with pytest.raises(NothingRecorded):
        idle(act=act_by())


def test_a_refused_command_leaves_no_trace() -> None:
    before = LedgerEntry.objects.count()

    @command
    def half(*, act: Any) -> None:
        place = site()
        place.name = "Half"
        place.save()
        record(act, "rename", place)
        raise Invalid("no")

    plant = site()
    before = LedgerEntry.objects.count()
    with pytest.raises(Invalid):
        half(act=act_by())
    plant.refresh_from_db()
    assert (plant.name, LedgerEntry.objects.count()) == ("Plant", before)
