"""A B2MML file in the browser and in the shell: shown first, drafted whole, or not at all."""

from __future__ import annotations

import re
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import LedgerEntry
from recipes.models import Recipe, RecipeVersion
from tests.recipes.test_screens import signed_in
from tests.worlds.b2mml import branching_recipe, element, recipe
from tests.worlds.recipes import drafted_version, engineer, therapy

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S88-02")]
PAGE = "/recipes/import/b2mml/"


def test_a_file_is_shown_with_what_is_left_out_and_drafted_when_that_was_seen() -> None:
    therapy(autologous=False)
    client = signed_in(engineer())
    assert "Import B2MML" in client.get("/recipes/new/").content.decode()
    assert client.get(PAGE).status_code == 200
    file = SimpleUploadedFile("r.xml", b"\xef\xbb\xbf" + branching_recipe().encode(), "text/xml")
    before = LedgerEntry.objects.count()
    shown = client.post(PAGE, {"therapy": "SMALL", "file": file})
    page = unescape(shown.content.decode())
    assert shown.status_code == 200
    assert "A draft begins its own life" in page
    assert "/BatchInformation/MasterRecipe/Header/Status" in page
    assert "Only where <code>x > 7.4</code>" in page
    assert (Recipe.objects.count(), LedgerEntry.objects.count()) == (0, before)
    sent = re.search(r'name="text"[^>]*>\n(.*?)</textarea>', shown.content.decode(), re.S)
    assert sent is not None
    form = {"therapy": "SMALL", "text": unescape(sent[1]), "code": "BUFFER", "act": "create"}
    made = client.post(PAGE, form)
    assert (made.status_code, made["Location"]) == (303, "/recipes/BUFFER/1/design/")
    assert client.get(made["Location"]).status_code == 200
    version = RecipeVersion.objects.get()
    assert (version.state, len(version.document["procedure"]["unit_procedures"])) == ("draft", 1)
    # The same code again is its next version.
    assert client.post(PAGE, form)["Location"] == "/recipes/BUFFER/2/design/"


def test_a_refused_file_leaves_nothing_behind_and_says_what_is_wrong() -> None:
    therapy(autologous=False)
    client = signed_in(engineer())
    good = branching_recipe()
    before = LedgerEntry.objects.count()
    for form, told, status in (
        ({"therapy": "SMALL", "text": ""}, "Choose a file", 422),
        ({"therapy": "", "text": good}, "Say for which therapy", 422),
        ({"therapy": "NONE", "text": good}, "There is no therapy NONE", 404),
        ({"therapy": "SMALL", "text": "<a>"}, "no well-formed XML in line 1", 422),
        ({"therapy": "SMALL", "text": "<Sync/>"}, "/Sync holds no recipe", 422),
        ({"therapy": "SMALL", "text": good, "code": "9"}, "/header/code", 422),
        (
            {"therapy": "SMALL", "text": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"},
            "declares a document type",
            422,
        ),
    ):
        answer = client.post(PAGE, {**form, "act": "create"})
        assert answer.status_code == status, form
        assert told in unescape(answer.content.decode())
    wrong = SimpleUploadedFile("r.xml", "é".encode("latin-1"), "text/xml")
    assert client.post(PAGE, {"therapy": "SMALL", "file": wrong}).status_code == 422
    assert (Recipe.objects.count(), LedgerEntry.objects.count()) == (0, before)


def test_the_code_of_another_recipe_is_refused() -> None:
    drafted_version()
    therapy("OTHER", autologous=False)
    client = signed_in(engineer())
    form = {"therapy": "OTHER", "text": branching_recipe(), "code": "SMALL-MBR", "act": "create"}
    answer = client.post(PAGE, form)
    assert answer.status_code == 409
    assert "the recipe of another therapy" in answer.content.decode()
    assert RecipeVersion.objects.count() == 1


def test_the_shell_drafts_a_file_and_prints_what_was_left(tmp_path: Path) -> None:
    therapy(autologous=False)
    engineer()
    path, out = tmp_path / "recipe.xml", StringIO()
    path.write_text(recipe(element("A", "Phase")), encoding="utf-8")
    with pytest.raises(CommandError, match="Name the therapy"):
        call_command("load_recipe", str(path), engineer="erik")
    call_command("load_recipe", str(path), engineer="erik", therapy="SMALL", stdout=out)
    assert "BUF-7 v1 is drafted." in out.getvalue()
    assert (
        "not taken, line 2: /BatchInformation/MasterRecipe/Header/BatchSize/Min" in out.getvalue()
    )
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="not text in UTF-8"):
        call_command("load_recipe", str(path), engineer="erik", therapy="SMALL")
