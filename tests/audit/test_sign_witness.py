"""A second person signs on the same screen: another one, with the right, and the session stays."""

from __future__ import annotations

import pytest

from audit.commands import add_user
from audit.models import Signature
from kernel.errors import Invalid
from tests.audit.test_sign_lockout import filled
from tests.batches.test_screens import path, signed_in, signing
from tests.worlds.audit import PASSWORD, act_by, person, site
from tests.worlds.batches import operator, step_of, verifier

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("A11-06", "P11-24")]


def test_the_witness_is_another_person_with_the_right_and_the_session_stays() -> None:
    verifier()
    # Olivia holds the verifier's role too, and is still not a second person to herself.
    olivia = person("olivia", "operator", "verifier", at_site=site())
    client = signed_in(olivia)
    operator("oscar")
    step = filled("S05", client, "75,0", unit="mL")
    assert signing(client, step, "sign", username="olivia", password=PASSWORD).status_code == 303
    before = (client.session.session_key, client.session["signed_last"])
    for username, status in (("olivia", 403), ("oscar", 403)):
        refused = signing(client, step, "verify", username=username, password=PASSWORD)
        assert refused.status_code == status, username
    # The password alone is never enough for a second person, however continuous the session.
    assert signing(client, step, "verify", password=PASSWORD).status_code == 401
    assert step_of(step.batch, "S05").state == "performed"
    assert signing(client, step, "verify", username="vera", password=PASSWORD).status_code == 303
    assert (client.session.session_key, client.session["signed_last"]) == before
    assert client.get(path(step)).context["user"].username == "olivia"
    signed = Signature.objects.filter(subject_id=step.pk, subject_type="batches.Step")
    assert list(signed.values_list("signer_username", "meaning")) == [
        ("olivia", "performed"),
        ("vera", "verified"),
    ]


@pytest.mark.parametrize("variant", ["E-olivia", "e-OLIVIA", " E-olivia ", "Ｅ-olivia"])
def test_one_person_has_no_second_account_to_verify_with(variant: str) -> None:
    operator()
    with pytest.raises(Invalid, match="one person, one account"):
        add_user(username="olivia2", full_name="O. E.", employee_id=variant, act=act_by())
