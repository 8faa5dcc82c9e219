"""The signatures of quality: both components first, then the password, and nobody else's."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client

from audit.models import Signature, User
from quality import queries
from quality.models import Deviation
from tests.quality.dialogs import dialog
from tests.quality.test_pages import signed_in
from tests.worlds.audit import PASSWORD
from tests.worlds.batches import again, running_batch
from tests.worlds.quality import (
    escalated,
    executed_batch,
    moved,
    qualified,
    quality,
    raised,
    reviewed_batch,
    reviewed_by_production,
    reviewer,
    second_quality,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-22")]


def assessed(seed: int = 0) -> Deviation:
    """A deviation that waits for its closing."""
    deviation = escalated(raised(running_batch(room=f"ROOM-{seed + 5}"), kind=f"kind {seed}"))
    for verb in ("classify", "investigate", "assess"):
        deviation = moved(deviation, verb)
    return deviation


def closing(client: Client, deviation: Deviation, who: User, **changes: str) -> Any:
    """Ask to close a deviation with what the dialog sends."""
    sent = dialog(client, queries.closing_statement(deviation), who, deviation.version)
    wanted = {name: value for name, value in {**sent, **changes}.items() if value != ""}
    return client.post(f"/deviations/{deviation.number}/close/", wanted)


def test_the_first_signature_of_a_session_takes_both_components_and_the_next_the_password() -> None:
    first, second = assessed(), assessed(1)
    who = second_quality()
    client = signed_in(who)
    asked = client.get(f"/deviations/{first.number}/").content.decode()
    assert 'name="username"' in asked
    assert who.full_name in asked
    refused = closing(client, first, who, username="")
    assert refused.status_code == 401
    assert "first signature of a session takes user ID and password" in refused.content.decode()
    assert not Signature.objects.filter(meaning="closed").exists()
    assert closing(client, first, who).status_code == 302
    asked = client.get(f"/deviations/{second.number}/").content.decode()
    assert 'name="username"' not in asked
    assert f"<code>{who.username}</code>" in asked
    assert closing(client, second, who, username="", password="wrong").status_code == 401
    assert closing(client, second, who, username="").status_code == 302
    signed = Signature.objects.filter(meaning="closed")
    assert set(signed.values_list("signer", flat=True)) == {who.pk}


def page_of_each_signature() -> list[tuple[str, User]]:
    """Every page on which quality signs, and somebody who may."""
    reviewed, waiting = reviewed_by_production(executed_batch()), executed_batch(room="ROOM-2")
    ready = reviewed_batch()
    return [
        (f"/batches/{waiting.number}/review/", reviewer()),
        (f"/batches/{reviewed.number}/review/", quality()),
        (f"/batches/{ready.number}/release/", qualified()),
        (f"/deviations/{assessed().number}/", second_quality()),
    ]


def test_every_dialog_of_quality_asks_only_for_what_is_still_needed() -> None:
    from audit.edges import now
    from audit.forms import SESSION_KEY

    for page, who in page_of_each_signature():
        client = signed_in(who)
        assert 'name="username"' in client.get(page).content.decode(), page
        session = client.session
        key = hashlib.sha256(str(session.session_key).encode()).hexdigest()
        session[SESSION_KEY] = {"user": who.pk, "session": key, "at": now().isoformat()}
        session.save()
        shown = client.get(page).content.decode()
        assert 'name="password"' in shown, page
        assert 'name="username"' not in shown, page


@pytest.mark.requirement("P11-24")
def test_no_session_signs_with_the_password_of_somebody_else() -> None:
    batch = reviewed_batch()
    statement = queries.disposition_statement(batch, "released")
    client = signed_in(qualified())
    sent = {**dialog(client, statement, qualified(), batch.version), "username": quality().username}
    answer = client.post(f"/batches/{batch.number}/release/sign/", sent)
    assert answer.status_code == 403
    assert again(batch).state != "released"
    assert PASSWORD not in answer.content.decode()
