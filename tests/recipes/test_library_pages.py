"""The pages of the library: the list, an entry, its designer, and how it comes into a recipe."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from audit.models import LedgerEntry
from recipes import commands, queries
from recipes.models import RecipeVersion
from recipes.rules.editing import value_at
from tests.recipes.test_library import recipe_with
from tests.recipes.test_screens import signed_in
from tests.worlds.audit import act_by
from tests.worlds.library import ENTRY, approved_entry, drafted_entry, plain_entry, second_entry
from tests.worlds.recipes import approved_version, drafted_version, engineer, quality

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S88-03")]
OPERATIONS = "/procedure/unit_procedures/0/operations"
INSERT = "/recipes/SMALL-MBR/1/insert/"
TAKE = "/recipes/SMALL-MBR/1/take/"


def page_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()
    return unescape(answer.content.decode())


def draft() -> RecipeVersion:
    return RecipeVersion.objects.get(recipe__code="SMALL-MBR")


def test_an_entry_is_begun_and_designed_with_the_forms_of_a_recipe() -> None:
    client = signed_in(engineer())
    answer = client.post("/recipes/library/new/", {"code": ENTRY, "title": "Weigh the salt"})
    assert (answer.status_code, answer["Location"]) == (303, f"/recipes/{ENTRY}/1/design/")
    page = page_of(client.get(answer["Location"]))
    assert 'id="thing-form"' in page
    assert "Weigh the salt" in page
    # What belongs to a product has no place here, and there is one operation.
    for words in ("Design space", "Theoretical yield", "Add operation", "Add unit procedure"):
        assert words not in page
    added = client.post(
        f"/recipes/{ENTRY}/1/edit/",
        {"version": 1, "act": "add", "list": f"{OPERATIONS}/0/steps", "kind": "timer", "at": ""},
    )
    assert added.status_code == 303
    copied = client.post(
        f"/recipes/{ENTRY}/1/edit/", {"version": 2, "act": "duplicate", "at": f"{OPERATIONS}/0"}
    )
    assert copied.status_code == 422
    assert "An entry of the library is one operation" in unescape(copied.content.decode())
    again = client.post("/recipes/library/new/", {"code": ENTRY, "title": "Weigh"})
    assert again.status_code == 409
    assert client.post("/recipes/library/new/", {"code": "9", "title": ""}).status_code == 422


def test_the_list_is_filtered_paged_and_exported_and_the_recipes_are_elsewhere() -> None:
    approved_entry()
    drafted_entry(second_entry())
    drafted_version()
    client = signed_in(quality())
    page = page_of(client.get("/recipes/library/"))
    assert page.count("data-row>") == 2
    assert "SMALL-MBR" not in page
    assert "New entry" not in page
    assert ENTRY not in page_of(client.get("/recipes/"))
    assert page_of(client.get("/recipes/library/?state=draft")).count("data-row>") == 1
    assert page_of(client.get("/recipes/library/?q=nothing")).count("data-row>") == 0
    assert page_of(client.get("/recipes/library/?q=salt")).count("data-row>") == 2
    first = library_ids()[0]
    assert page_of(client.get(f"/recipes/library/?before={first + 1}")).count("data-row>") == 1
    answer = client.get("/recipes/library/?format=csv&state=approved")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.splitlines()[1].startswith(f'"{ENTRY}","Weigh the salt","1","approved","erik"')


def library_ids() -> list[int]:
    return list(queries.library().order_by("pk").values_list("pk", flat=True))


def test_an_entry_shows_its_text_its_versions_and_where_it_is_used() -> None:
    recipe_with(approved_entry())
    client = signed_in(engineer())
    page = page_of(client.get(f"/recipes/library/{ENTRY}/"))
    assert "Level the balance" not in page
    assert "Weigh the salt, as shown." in page
    used = re.search(r'id="used".*?</table>', page, re.S)
    assert used is not None
    assert "SMALL-MBR v1" in used.group()
    assert f"{ENTRY}/1" in used.group()
    assert client.get("/recipes/library/NONE/").status_code == 404
    assert client.get("/recipes/library/SMALL-MBR/").status_code == 404
    new = client.post(f"/recipes/{ENTRY}/1/new-version/")
    assert new["Location"] == f"/recipes/{ENTRY}/2/design/"
    assert "Open draft v2" in page_of(client.get(f"/recipes/library/{ENTRY}/"))


def test_an_approved_entry_offers_no_date_and_no_force() -> None:
    approved_entry()
    page = page_of(signed_in(quality()).get(f"/recipes/{ENTRY}/1/"))
    for words in ("Put in force", "Set a date", "What if", "Dosage form"):
        assert words not in page
    assert "The entry is complete." in page


def test_an_entry_is_chosen_named_and_inserted_with_one_entry_of_the_ledger() -> None:
    approved_entry()
    drafted_version()
    client = signed_in(engineer())
    place = {"list": OPERATIONS, "place": "1"}
    designer = page_of(client.get("/recipes/SMALL-MBR/1/design/", {"at": f"{OPERATIONS}/0"}))
    assert f"{INSERT}?list=%2Fprocedure" in designer
    assert f"{ENTRY}/1" in page_of(client.get(INSERT, place))
    assert f"{ENTRY}/1" not in page_of(client.get(INSERT, {**place, "q": "clearance"}))
    form = page_of(client.get(INSERT, {**place, "entry": f"{ENTRY}/1"}))
    assert "Add it to the recipe" in form
    assert "what step S05 · Measure the volume gives" in form
    count = LedgerEntry.objects.count()
    names = {"equipment.SCALE": "equipment.BALANCE", "parameter.filled": "S05"}
    sent = {**place, "entry": f"{ENTRY}/1", "version": 1, **names}
    wrong = client.post(INSERT, {**sent, "parameter.filled": "parameter.dose"})
    assert wrong.status_code == 422
    assert "cannot be that" in wrong.content.decode()
    assert LedgerEntry.objects.count() == count
    answer = client.post(INSERT, sent)
    assert answer.status_code == 303
    assert answer["Location"].endswith(
        "/design/?at=%2Fprocedure%2Funit_procedures%2F0%2Foperations%2F1"
    )
    assert LedgerEntry.objects.count() == count + 1
    steps = value_at(draft().document, f"{OPERATIONS}/1/steps")
    assert steps[0]["equipment"] == "BALANCE"
    assert steps[3]["inputs"]["volume"]["from"] == "S05"
    page = page_of(client.get(answer["Location"]))
    assert f'Inserted from <a href="/recipes/{ENTRY}/1/">{ENTRY}/1</a>' in page
    assert client.post(INSERT, sent).status_code == 409  # the draft moved on
    told = f"From the library: {ENTRY}/1"
    assert told in page_of(client.get("/recipes/SMALL-MBR/1/"))


def test_the_form_of_an_inserted_operation_keeps_where_it_is_from() -> None:
    recipe_with(approved_entry())
    client = signed_in(engineer())
    version = draft()
    saved = client.post(
        "/recipes/SMALL-MBR/1/edit/",
        {"version": version.version, "at": f"{OPERATIONS}/1", "act": "save", "/code": "OP4",
         "/title": "Weighing", "/after/ticks": "1"},
    )  # fmt: skip
    assert saved.status_code == 303
    operation = value_at(draft().document, f"{OPERATIONS}/1")
    assert (operation["title"], operation["library"]["version"]) == ("Weighing", f"{ENTRY}/1")
    page = page_of(client.get("/recipes/SMALL-MBR/1/design/", {"at": f"{OPERATIONS}/1"}))
    assert "It was changed here since." in page
    assert "was changed after it was inserted from" in page


def test_a_newer_version_is_shown_with_what_it_changes_and_taken_into_the_draft() -> None:
    recipe_with(approved_entry())
    client = signed_in(engineer())
    at = {"at": f"{OPERATIONS}/1"}
    assert client.get(TAKE, at).status_code == 404
    approved_entry(second_entry())
    page = page_of(client.get("/recipes/SMALL-MBR/1/design/", at))
    assert f"The library has {ENTRY}/2." in page
    assert f"The library has {ENTRY}/2, which is newer than what is inserted here." in page
    page = page_of(client.get(TAKE, at))
    assert "Level the balance" in page
    assert "<del>90.0</del>" in page
    sent = {**at, "entry": f"{ENTRY}/2", "version": draft().version}
    assert client.post(TAKE, {**sent, "entry": f"{ENTRY}/1"}).status_code == 409
    assert client.post(TAKE, {**sent, "version": 1}).status_code == 409
    assert client.post(TAKE, sent).status_code == 303
    operation = value_at(draft().document, f"{OPERATIONS}/1")
    assert operation["library"]["version"] == f"{ENTRY}/2"
    assert len(operation["steps"]) == 5
    assert queries.newer_entries(draft().document) == {}


def test_an_approved_recipe_takes_nothing_and_a_new_version_does() -> None:
    version = approved_version(recipe_with(approved_entry()))
    approved_entry(second_entry())
    client = signed_in(engineer())
    at = {"at": f"{OPERATIONS}/1"}
    assert client.get(TAKE, at).status_code == 409
    assert client.post(TAKE, {**at, "entry": f"{ENTRY}/2", "version": 9}).status_code == 409
    assert client.get(INSERT, {"list": OPERATIONS}).status_code == 409
    second = commands.draft_version(
        recipe_code="SMALL-MBR",
        therapy=version.recipe.therapy,
        document=version.document,
        act=act_by(engineer()),
    )
    taken = client.post(
        "/recipes/SMALL-MBR/2/take/", {**at, "entry": f"{ENTRY}/2", "version": second.version}
    )
    assert taken.status_code == 303
    version.refresh_from_db()
    assert value_at(version.document, f"{OPERATIONS}/1")["library"]["version"] == f"{ENTRY}/1"


def test_the_yaml_of_an_entry_is_read_as_its_next_version() -> None:
    approved_entry()
    client = signed_in(engineer())
    text = client.get(f"/recipes/{ENTRY}/1/yaml/").content.decode()
    answer = client.post("/recipes/import/", {"text": text})
    assert answer["Location"] == f"/recipes/{ENTRY}/2/design/"
    found = RecipeVersion.objects.filter(recipe__code=ENTRY).order_by("number")
    assert found[0].document == found[1].document
    # A recipe that lacks its therapy is told so, and is no entry by mistake.
    text = text.replace(ENTRY, "OTHER")
    assert client.post("/recipes/import/", {"text": text}).status_code == 404


@pytest.mark.parametrize("place", ["x", "-1", "999999999"])
def test_a_place_that_is_none_is_the_end_and_a_list_that_is_none_is_not_there(place: str) -> None:
    approved_entry()
    drafted_version()
    client = signed_in(engineer())
    sent = {"list": OPERATIONS, "place": place, "entry": f"{ENTRY}/1", "version": 1}
    assert client.post(INSERT, {**sent, "list": "/header"}).status_code == 404
    assert client.post(INSERT, {**sent, "entry": "NONE/1"}).status_code == 404
    assert client.post(INSERT, {**sent, "entry": "NONE/²"}).status_code == 404
    assert client.post(INSERT, sent)["Location"].endswith("operations%2F2")


def test_an_entry_is_not_inserted_into_an_entry() -> None:
    approved_entry()
    plain = plain_entry()
    plain["header"]["code"] = "LIB-2"
    commands.draft_version(
        recipe_code="LIB-2", therapy=None, document=plain, act=act_by(engineer())
    )
    client: Client = signed_in(engineer())
    assert client.get("/recipes/LIB-2/1/insert/", {"list": OPERATIONS}).status_code == 409


def test_an_entry_is_previewed_and_compared_like_a_recipe() -> None:
    approved_entry()
    approved_entry(second_entry())
    client = signed_in(engineer())
    assert "SIMULATION" in page_of(client.get(f"/recipes/{ENTRY}/2/preview/")).upper()
    assert "Level the balance" in page_of(client.get(f"/recipes/{ENTRY}/2/compare/"))
    assert client.get(f"/recipes/{ENTRY}/2/replay/").status_code == 200
