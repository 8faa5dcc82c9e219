"""The designer of a laboratory record and of a label: sent back as it is, added to, taken away."""

from __future__ import annotations

from typing import Any

import pytest

from recipes.models import RecipeVersion
from tests.batches.test_laboratory import laboratory_document
from tests.recipes.test_designer import EDIT, fields_on, step
from tests.recipes.test_screens import signed_in
from tests.worlds.recipes import drafted_version, engineer

pytestmark = pytest.mark.django_db
TEST = "/procedure/unit_procedures/0/operations/0/steps/1"


def laboratory() -> Any:
    return step(1, RecipeVersion.objects.latest("number").number)["laboratory"]


@pytest.mark.requirement("CGMP-18")
def test_a_laboratory_record_that_is_sent_back_as_it_is_stays() -> None:
    version = drafted_version(**laboratory_document())
    client = signed_in(engineer())
    sent = fields_on(client, TEST)
    assert sent["/laboratory/method_version"] == ["3"]
    assert sent["/laboratory/amounts/1/label"] == ["Of them stained"]
    assert client.post(EDIT, {**sent, "act": "save"}).status_code == 303
    assert RecipeVersion.objects.get().document == version.document


def test_an_amount_is_added_and_the_record_is_taken_away_again() -> None:
    drafted_version(**laboratory_document())
    client = signed_in(engineer())
    sent = fields_on(client, TEST)
    added = client.post(EDIT, {**sent, "act": "row:/laboratory/amounts"}, HTTP_HX_REQUEST="true")
    assert added.status_code == 200, added.content.decode()
    assert len(laboratory()["amounts"]) == 4
    bare = {
        name: "" if name.startswith("/laboratory/") and not name.endswith("/rows") else value
        for name, value in fields_on(client, TEST).items()
        if name != "/laboratory/raw_data"
    }
    bare["/laboratory/amounts/rows"] = "0"
    assert client.post(EDIT, {**bare, "act": "save"}).status_code == 303
    assert laboratory() is None


def test_the_simulation_shows_what_the_analyst_will_enter() -> None:
    drafted_version(**laboratory_document())
    page = signed_in(engineer()).get("/recipes/SMALL-MBR/1/preview/", {"step": "C02"})
    told = page.content.decode()
    for words in ("SIMULATION-C01-1", "Of them stained", "Raw data", "SOP-031, version 3"):
        assert words in told


@pytest.mark.requirement("COI-06")
def test_the_fields_of_a_label_are_ticked_and_saved() -> None:
    drafted_version()
    client = signed_in(engineer())
    sent = fields_on(client, "/header/labels/0")
    sent |= {
        "/fields": ["product", "donor"], "/volume": "50 mL", "/expires_hours": "12",
        "/expires_from": "S05",
    }  # fmt: skip
    assert client.post(EDIT, {**sent, "act": "save"}).status_code == 303
    (label,) = RecipeVersion.objects.get().document["header"]["labels"]
    assert (label["fields"], label["volume"]) == (["product", "donor"], "50 mL")
    assert (label["expires_hours"], label["expires_from"]) == (12, "S05")
