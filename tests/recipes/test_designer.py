"""The designer over HTTP: what is saved, what is refused, and what the ledger says of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from audit.models import LedgerEntry
from recipes.models import Recipe, RecipeVersion, Therapy
from tests.recipes.test_screens import signed_in
from tests.worlds.audit import person
from tests.worlds.batches import issued_batch
from tests.worlds.recipes import drafted_version, effective_recipe, engineer, quality, therapy

pytestmark = pytest.mark.django_db
STEPS = "/procedure/unit_procedures/0/operations/0/steps"
EDIT = "/recipes/SMALL-MBR/1/edit/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def fields_on(client: Client, at: str, number: int = 1) -> dict[str, Any]:
    """The form of a part as a browser would send it back."""
    page = client.get(f"/recipes/SMALL-MBR/{number}/design/", {"at": at}).content.decode()
    form = re.search(r'<form[^>]*id="thing-form".*?</form>', page, re.S)
    assert form, f"no form at {at}"
    text = unescape(form.group())
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is None or ('type="checkbox"' in tag and "checked" not in tag):
            continue
        sent.setdefault(name[1], []).append(value[1] if value else "on")
    for name, inner in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', text, re.S
    ):
        sent[name] = inner
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        sent[name] = chosen[1] if chosen else ""
    sent.pop("kind", None)
    return sent


def step(number: int, version: int = 1) -> dict[str, Any]:
    found = RecipeVersion.objects.get(number=version).document
    steps = [
        one
        for unit in found["procedure"]["unit_procedures"]
        for operation in unit["operations"]
        for one in operation["steps"]
    ]
    return dict(steps[number])


@pytest.mark.requirement("S88-02")
@pytest.mark.parametrize(
    "at",
    [
        "/header",
        "/header/product",
        "/header/theoretical_yield",
        "/header/labels/0",
        "/formula",
        "/formula/parameters/0",
        "/formula/materials/1",
        "/formula/stages/0",
        "/equipment_requirements/0",
        "/procedure/unit_procedures/0",
        "/procedure/unit_procedures/0/operations/1",
        *(f"/procedure/unit_procedures/0/operations/1/steps/{one}" for one in range(6)),
        *(f"/procedure/unit_procedures/1/operations/0/steps/{one}" for one in range(3)),
        "/other_information",
    ],
)
def test_a_form_that_is_sent_back_as_it_is_writes_nothing(at: str) -> None:
    version = drafted_version()
    client = signed_in(engineer())
    sent = fields_on(client, at)
    entries = LedgerEntry.objects.count()
    answer = client.post(EDIT, {**sent, "act": "save"})
    assert answer.status_code == 303, answer.content.decode()
    after = RecipeVersion.objects.get()
    assert (after.document, after.version) == (version.document, 1)
    assert LedgerEntry.objects.count() == entries


def test_a_field_is_saved_with_one_entry_and_the_time_is_shown() -> None:
    drafted_version()
    client = signed_in(engineer())
    sent = fields_on(client, f"{STEPS}/0")
    entries = LedgerEntry.objects.count()
    answer = client.post(EDIT, {**sent, "/title": "Clear the whole line"}, **HTMX)
    assert answer.status_code == 200
    assert step(0)["title"] == "Clear the whole line"
    assert LedgerEntry.objects.count() == entries + 1
    page = answer.content.decode()
    assert "Saved" in page
    assert "Clear the whole line" in page
    assert '<input type="hidden" name="version" value="2">' in page


def test_a_refused_field_is_told_at_its_place_and_nothing_is_written() -> None:
    drafted_version()
    client = signed_in(engineer())
    at = "/procedure/unit_procedures/0/operations/1/steps/2"
    sent = fields_on(client, at)
    for headers in ({}, HTMX):
        answer = client.post(EDIT, {**sent, "/hard/min": "ten", "/title": ""}, **headers)
        assert answer.status_code == 422
        page = unescape(answer.content.decode())
        assert re.search(r"f-hard-min-error[^>]*>“ten” is not a number", page)
        assert re.search(r"f-title-error[^>]*>Title is (missing|empty)", page)
    assert RecipeVersion.objects.get().version == 1
    # What was typed is still there.
    assert 'value="ten"' in client.post(EDIT, {**sent, "/hard/min": "ten"}).content.decode()


def test_two_engineers_see_both_values_and_neither_is_lost() -> None:
    drafted_version()
    first, second = signed_in(engineer()), signed_in(person("emma", "engineer"))
    mine, theirs = fields_on(first, f"{STEPS}/0"), fields_on(second, f"{STEPS}/0")
    assert second.post(EDIT, {**theirs, "/title": "Theirs"}).status_code == 303
    answer = first.post(EDIT, {**mine, "/title": "Mine"}, **HTMX)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "<td>Mine</td><td>Theirs</td>" in page
    assert "Emma Example" in page
    assert step(0)["title"] == "Theirs"
    # What would change nothing is refused just so: it was decided on a page that is out of date.
    idle = {"act": "up", "at": f"{STEPS}/0", "version": "1"}
    assert first.post(EDIT, idle, **HTMX).status_code == 409
    assert first.post(EDIT, {**mine, "/title": "Mine", "over": "2"}).status_code == 303
    assert step(0)["title"] == "Mine"


def test_steps_are_added_moved_copied_changed_in_kind_and_removed() -> None:
    drafted_version()
    client = signed_in(engineer())

    def gesture(**sent: Any) -> Any:
        version = RecipeVersion.objects.get().version
        answer = client.post(EDIT, {"version": version, **sent}, **HTMX)
        assert answer.status_code == 200, answer.content.decode()
        return answer

    answer = gesture(act="add", list=STEPS, place=1, kind="timer", at=f"{STEPS}/0")
    assert answer["HX-Replace-Url"].endswith("steps%2F1")
    assert (step(1)["code"], step(1)["after"], step(2)["after"]) == ("S12", ["S01"], ["S12"])
    gesture(act="up", at=f"{STEPS}/1")
    assert (step(0)["code"], step(1)["code"], step(1)["after"]) == ("S12", "S01", ["S12"])
    gesture(act="duplicate", at=f"{STEPS}/0")
    assert step(1)["code"] == "S13"
    gesture(act="kind", kind="choice", **{**fields_on(client, f"{STEPS}/0"), "/title": "Look"})
    assert (step(0)["kind"], step(0)["title"]) == ("choice", "Look")
    gesture(**{**fields_on(client, f"{STEPS}/0"), "act": "row:/options"})
    assert [one["value"] for one in step(0)["options"]] == ["yes", "no", "new"]
    gesture(**{**fields_on(client, f"{STEPS}/0"), "act": "unrow:/options/1"})
    assert [one["value"] for one in step(0)["options"]] == ["yes", "new"]
    gesture(act="remove", at=f"{STEPS}/0")
    assert (step(0)["code"], step(0)["after"]) == ("S13", [])


def test_an_input_of_a_calculation_is_added_and_named() -> None:
    drafted_version()
    client = signed_in(engineer())
    at = "/procedure/unit_procedures/0/operations/1/steps/5"
    sent = fields_on(client, at)
    assert client.post(EDIT, {**sent, "act": "row:/inputs"}).status_code == 303
    sent = fields_on(client, at)
    rows = [key for key in sent if re.fullmatch(r"/inputs/\d/name", key)]
    assert [sent[one] for one in rows] == [["factor"], ["volume"], ["weight"], ["x"]]
    height = {"/inputs/3/name": "height", "/inputs/3/from": "order.height_cm"}
    formula = {"/inputs/3/unit": "cm", "/formula": "volume / weight * factor * height"}
    answer = client.post(EDIT, {**sent, **height, **formula})
    assert answer.status_code == 303
    assert step(7)["inputs"]["height"] == {"from": "order.height_cm", "unit": "cm"}


@pytest.mark.requirement("A11-10")
def test_what_is_approved_is_changed_in_a_new_draft_only() -> None:
    effective_recipe()
    client = signed_in(engineer())
    assert client.get("/recipes/SMALL-MBR/1/design/").status_code == 302
    before = RecipeVersion.objects.get()
    sent = {"act": "remove", "at": f"{STEPS}/0", "version": before.version}
    assert client.post(EDIT, sent).status_code == 409
    assert RecipeVersion.objects.get().document == before.document
    answer = client.post("/recipes/SMALL-MBR/1/new-version/")
    assert answer["Location"] == "/recipes/SMALL-MBR/2/design/"
    draft = RecipeVersion.objects.get(number=2)
    assert (draft.state, draft.document_digest) == ("draft", before.document_digest)
    sent = fields_on(client, f"{STEPS}/0", number=2)
    edit = "/recipes/SMALL-MBR/2/edit/"
    assert client.post(edit, {**sent, "/title": "Clear both lines"}).status_code == 303
    assert (step(0)["title"], step(0, 2)["title"]) == ("Clear the line", "Clear both lines")
    assert client.post("/recipes/SMALL-MBR/1/new-version/").status_code == 409


def test_a_new_recipe_begins_with_a_draft_that_says_what_is_missing() -> None:
    client = signed_in(engineer())
    asked = {"title": "Dendritic cells", "code": "DC-MBR", "therapy": "new", "therapy_code": "DC",
             "therapy_name": "Dendritic cells", "autologous": "on"}  # fmt: skip
    answer = client.post("/recipes/new/", asked)
    assert answer["Location"] == "/recipes/DC-MBR/1/design/"
    page = client.get(answer["Location"]).content.decode()
    for words in ("The recipe does not say the name of the product.", "Clear the line", "Findings"):
        assert words in page
    assert Therapy.objects.get().is_autologous
    assert client.post("/recipes/new/", asked).status_code == 409
    assert Recipe.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"code": "9"}, "id_code_error"),
        ({"title": " "}, "id_title_error"),
        ({"therapy": "new", "therapy_code": "!", "therapy_name": "x"}, "id_therapy_code_error"),
        ({"therapy": "new", "therapy_code": "NEW", "therapy_name": ""}, "id_therapy_name_error"),
    ],
)
def test_a_new_recipe_without_a_good_name_leaves_no_trace(
    changes: dict[str, str], pointer: str
) -> None:
    therapy()
    client = signed_in(engineer())
    asked = {"title": "A", "code": "A-MBR", "therapy": "SMALL", **changes}
    answer = client.post("/recipes/new/", asked)
    assert answer.status_code == 422
    assert f'id="{pointer}"' in answer.content.decode()
    assert (Recipe.objects.count(), Therapy.objects.count()) == (0, 1)


def test_only_engineers_design() -> None:
    drafted_version()
    client = signed_in(quality())
    for address in ("/recipes/new/", "/recipes/import/", "/recipes/SMALL-MBR/1/design/"):
        assert client.get(address).status_code == 403
    for address in (EDIT, "/recipes/SMALL-MBR/1/try/", "/recipes/SMALL-MBR/1/new-version/"):
        assert client.post(address).status_code == 403
    assert "New recipe" not in client.get("/recipes/").content.decode()


@pytest.mark.requirement("CGMP-03")
def test_a_finding_leads_to_the_form_that_mends_it() -> None:
    drafted_version(other_information={})
    client = signed_in(engineer())
    page = client.get("/recipes/SMALL-MBR/1/design/").content.decode()
    assert 'href="/recipes/SMALL-MBR/1/design/?at=/other_information"' in page
    sent = fields_on(client, "/other_information")
    answer = client.post(EDIT, {**sent, "/precautions": "Wear gloves.\n\nNo food."}, **HTMX)
    assert "The master record is complete." in answer.content.decode()
    found = RecipeVersion.objects.get().document["other_information"]["precautions"]
    assert found == ["Wear gloves.", "No food."]


def test_a_formula_is_tried_with_examples_and_nothing_is_written() -> None:
    drafted_version()
    client = signed_in(engineer())
    at = "/procedure/unit_procedures/0/operations/1/steps/5"
    sent = fields_on(client, at)
    page = client.get("/recipes/SMALL-MBR/1/design/", {"at": at}).content.decode()
    assert "= <strong>0.536 mL/kg</strong>" in page  # 75 mL / 70 kg × 0.5
    entries = LedgerEntry.objects.count()
    for headers in ({}, HTMX):
        tried = {**sent, "sample.volume": "140", "sample.weight": "70"}
        answer = client.post("/recipes/SMALL-MBR/1/try/", tried, **headers)
        assert "= <strong>1.000 mL/kg</strong>" in answer.content.decode()
        wrong = client.post(
            "/recipes/SMALL-MBR/1/try/", {**sent, "/formula": "volume / * 2"}, **headers
        ).content.decode()
        assert "volume / <mark>*</mark>" in wrong
        assert "at character 10" in wrong
    assert LedgerEntry.objects.count() == entries


def test_yaml_goes_out_and_comes_back_byte_for_byte() -> None:
    first = effective_recipe()
    client = signed_in(engineer())
    text = client.get("/recipes/SMALL-MBR/1/yaml/").content.decode()
    answer = client.post("/recipes/import/", {"text": text})
    assert answer["Location"] == "/recipes/SMALL-MBR/2/design/"
    second = RecipeVersion.objects.get(number=2)
    assert (second.document, second.document_digest) == (first.document, first.document_digest)
    assert client.get("/recipes/SMALL-MBR/2/yaml/").content.decode() == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose a file, or paste a recipe."),
        ("- 1", "This is no recipe"),
        ("a: [", "not readable YAML"),
        ("header: {code: X, therapy: NONE}", "There is no therapy NONE."),
        ("header: {code: X, therapy: SMALL, extra: 1}", "There is no field called extra here."),
    ],
)
def test_what_is_no_recipe_is_not_imported(text: str, words: str) -> None:
    therapy()
    answer = signed_in(engineer()).post("/recipes/import/", {"text": text})
    assert answer.status_code in (404, 422)
    assert words in answer.content.decode()
    assert RecipeVersion.objects.count() == 0


@pytest.mark.requirement("A11-10")
def test_a_batch_keeps_its_version_when_a_new_one_comes_into_force() -> None:
    batch = issued_batch()
    old, frozen = batch.recipe_version, batch.control_recipe_digest
    client = signed_in(engineer())
    assert client.post("/recipes/SMALL-MBR/1/new-version/").status_code == 303
    sent = fields_on(client, f"{STEPS}/0", number=2)
    client.post("/recipes/SMALL-MBR/2/edit/", {**sent, "/title": "Clear both lines"})
    effective_recipe(RecipeVersion.objects.get(number=2))
    batch.refresh_from_db()
    assert (batch.recipe_version, batch.control_recipe_digest) == (old, frozen)
    assert batch.recipe_version.state == "superseded"
    assert batch.steps.get(code="S01").title == "Clear the line"
