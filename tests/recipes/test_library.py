"""The library: versions that two more people sign, and the recipes that hold them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import LedgerEntry
from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotPermitted
from recipes import commands, queries
from recipes.models import Recipe, RecipeVersion
from recipes.rules.insertion import inserted
from recipes.views.findings import lint_of
from tests.worlds.audit import act_by, proof_of
from tests.worlds.library import ENTRY, approved_entry, drafted_entry, plain_entry, second_entry
from tests.worlds.recipes import (
    approved_version,
    drafted_version,
    engineer,
    plain_document,
    quality,
    submitted_version,
    therapy,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S88-03")]
OPERATIONS = "/procedure/unit_procedures/0/operations"


def recipe_with(entry: RecipeVersion, **changes: Any) -> RecipeVersion:
    """A draft of the small recipe with the entry inserted."""
    version = drafted_version(
        environment=[{"quantity": "temperature", "place": "room", "unit": "Cel", "warn_high": "25"}]
    )
    edited = inserted(version.document, queries.entry_of(entry), OPERATIONS, 1)
    return commands.revise_version(
        version_id=version.pk,
        seen=version.version,
        document={**edited.plain, **changes},
        act=act_by(engineer()),
    )


@pytest.mark.requirement("CGMP-02", "P11-16")
def test_an_entry_is_signed_by_three_people_and_never_changes_again() -> None:
    version = approved_entry()
    assert (version.state, version.recipe.therapy, version.number) == ("approved", None, 1)
    signed = [(one.meaning, one.signer.username) for one in queries.signatures_on(version)]
    assert signed == [("authored", "erik"), ("reviewed", "clara"), ("approved", "quinn")]
    with pytest.raises(Conflict) as refused:
        commands.revise_version(
            version_id=version.pk,
            seen=version.version,
            document=second_entry(),
            act=act_by(engineer()),
        )
    assert refused.value.code == "frozen"
    # Nor by the database, whoever asks.
    changed = {**version.document, "other_information": {}}
    with pytest.raises(IntegrityError, match="not changed any more"), transaction.atomic():
        RecipeVersion.objects.filter(pk=version.pk).update(document=changed)
    assert not list(Verifier().findings())


def test_its_author_does_not_approve_it() -> None:
    version = submitted_version(drafted_entry())
    with pytest.raises(NotPermitted):
        commands.approve_version(
            version_id=version.pk,
            proof=proof_of(engineer()),
            seen_digest="",
            act=act_by(engineer()),
        )


def test_an_entry_that_does_not_say_how_is_not_approved() -> None:
    plain = plain_entry()
    plain["procedure"]["unit_procedures"][0]["operations"][0]["steps"][0]["instruction"] = ""
    with pytest.raises(Conflict, match="how step S01 is carried out"):
        approved_entry(plain)


def test_an_entry_never_comes_into_force_and_recipe_and_entry_stay_what_they_are() -> None:
    version = approved_entry()
    for command, more in (
        (commands.make_effective, {}),
        (commands.schedule_version, {"effective_from": None}),
    ):
        with pytest.raises(Conflict) as refused:
            command(version_id=version.pk, act=act_by(quality()), **more)
        assert refused.value.code == "library"
    with pytest.raises(IntegrityError, match="never comes into force"), transaction.atomic():
        RecipeVersion.objects.filter(pk=version.pk).update(state="effective")
    known = therapy()
    with pytest.raises(IntegrityError, match="keeps its therapy"), transaction.atomic():
        Recipe.objects.filter(pk=version.recipe_id).update(therapy=known)
    assert queries.procedures() == []


def test_a_recipe_without_its_therapy_is_no_draft_of_the_recipe() -> None:
    plain = plain_document()
    plain["header"]["therapy"] = ""
    with pytest.raises(Invalid) as refused:
        drafted_version(header=plain["header"])
    assert refused.value.errors[0].pointer == "/header/therapy"
    drafted_version()
    entry = plain_entry()
    entry["header"]["code"] = "SMALL-MBR"
    with pytest.raises(Conflict) as other:
        commands.draft_version(
            recipe_code="SMALL-MBR", therapy=None, document=entry, act=act_by(engineer())
        )
    assert other.value.code == "other_therapy"


def test_an_entry_begins_with_its_code_and_title() -> None:
    begun = commands.begin_entry(code=ENTRY, title="Weigh the salt", act=act_by(engineer()))
    assert begun.recipe.therapy is None
    assert queries.findings_of(begun) == ()
    entry = LedgerEntry.objects.filter(verb="draft").get()
    assert (entry.actor_id, entry.stream) == (engineer().pk, f"recipe:{begun.recipe_id}")
    with pytest.raises(Conflict, match="entry of the library LIB-WEIGH already"):
        commands.begin_entry(code=ENTRY, title="Again", act=act_by(engineer()))
    with pytest.raises(NotPermitted):
        commands.begin_entry(code="LIB-2", title="Again", act=act_by(quality()))


def test_what_is_inserted_stays_when_the_library_moves_on_and_the_newer_one_is_shown() -> None:
    first = approved_entry()
    version = approved_version(recipe_with(first))
    before = deepcopy(version.document)
    assert queries.newer_entries(version.document) == {}
    second = approved_entry(second_entry())
    version.refresh_from_db()
    assert version.document == before
    assert queries.newer_entries(version.document) == {f"{OPERATIONS}/1": f"{ENTRY}/2"}
    assert second.number == 2
    # A draft of the library is nobody's newer version.
    drafted_entry()
    assert queries.newer_entries(version.document) == {f"{OPERATIONS}/1": f"{ENTRY}/2"}


def test_where_an_entry_is_used_is_told_with_its_version() -> None:
    first = approved_entry()
    approved_entry(second_entry())
    assert queries.where_used(ENTRY) == []
    recipe_with(first)
    drafted_version()
    assert [(str(one), names) for one, names in queries.where_used(ENTRY)] == [
        (f"{Recipe.objects.get(code='SMALL-MBR').pk} v1", [f"{ENTRY}/1"])
    ]
    assert queries.where_used("LIB-OTHER") == []


def test_lint_warns_of_an_inserted_operation_that_was_changed() -> None:
    version = recipe_with(approved_entry())
    assert "changed_after_insertion" not in {one.code for one in lint_of(version)}
    document = deepcopy(version.document)
    document["procedure"]["unit_procedures"][0]["operations"][1]["steps"][2]["hard"]["max"] = "95"
    changed = commands.revise_version(
        version_id=version.pk, seen=version.version, document=document, act=act_by(engineer())
    )
    told = [one for one in lint_of(changed) if one.code == "changed_after_insertion"]
    assert [(one.severity, one.place) for one in told] == [("warning", f"{OPERATIONS}/1")]
    assert queries.findings_of(changed) == ()


def test_a_recipe_that_lies_about_its_origin_is_not_approved() -> None:
    draft = drafted_entry()
    version = recipe_with(draft)
    with pytest.raises(Conflict, match="says that it comes from LIB-WEIGH/1"):
        approved_version(version)
    # The same words, once the entry is approved.
    approved_version(draft)
    assert queries.findings_of(version) == ()
