"""The "Verify record" button: what a person sees, with scripts and without."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.ledger import write_checkpoint
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import operator, running_batch

BACKEND = "mes.sign_in.People"
pytestmark = pytest.mark.django_db


@pytest.mark.requirement("P11-01")
def test_the_button_says_how_many_entries_are_intact_and_when_they_were_witnessed() -> None:
    batch = running_batch()
    write_checkpoint(act=act_by())
    client = Client()
    client.force_login(operator(), backend=BACKEND)
    page = client.get(f"/batches/{batch.number}/").content.decode()
    assert f'hx-post="/batches/{batch.number}/verify/"' in page
    part = client.post(f"/batches/{batch.number}/verify/", headers={"HX-Request": "true"})
    text = " ".join(part.content.decode().split())
    assert "entries, intact, last checkpoint" in text
    assert "<html" not in text
    whole = client.post(f"/batches/{batch.number}/verify/").content.decode()
    assert "<html" in whole
    assert "entries, intact" in whole


@pytest.mark.requirement("P11-09")
def test_who_works_elsewhere_verifies_nothing() -> None:
    batch = running_batch()
    client = Client()
    client.force_login(person("norman", "operator", at_site=site("NORTH")), backend=BACKEND)
    assert client.post(f"/batches/{batch.number}/verify/").status_code == 404
    assert client.get(f"/batches/{batch.number}/verify/").status_code == 405
