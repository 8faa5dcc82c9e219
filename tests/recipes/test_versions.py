"""Versions: drafted by one, approved by another, in force one at a time, never changed after."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import LedgerEntry, Signature
from audit.signing import digest_of
from audit.verification import Verifier
from kernel.errors import Conflict, IllegalMove, Invalid, NotPermitted, StaleView
from recipes import commands, queries
from recipes.models import RecipeVersion
from recipes.states import VERSION
from tests.worlds.audit import act_by, person, proof_of
from tests.worlds.recipes import (
    approved_version,
    checked_version,
    checker,
    drafted_version,
    effective_recipe,
    engineer,
    plain_document,
    quality,
    submitted_version,
    therapy,
)

pytestmark = pytest.mark.django_db


def digest_shown(version: RecipeVersion) -> str:
    return digest_of(queries.version_statement(version))


@pytest.mark.requirement("CGMP-02")
def test_a_version_in_force_carries_three_signatures_of_three_people() -> None:
    version = effective_recipe()
    signed = [(one.meaning, one.signer.username) for one in queries.signatures_on(version)]
    assert signed == [("authored", "erik"), ("reviewed", "clara"), ("approved", "quinn")]
    assert (version.state, version.version) == ("effective", 5)
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-01", "CGMP-02")
def test_the_author_cannot_approve_even_with_a_second_role() -> None:
    version = submitted_version()
    with pytest.raises(NotPermitted):
        commands.approve_version(
            version_id=version.pk,
            proof=proof_of(engineer()),
            seen_digest=digest_shown(version),
            act=act_by(engineer()),
        )
    assert RecipeVersion.objects.get().state == "in_review"


@pytest.mark.requirement("CGMP-01")
@pytest.mark.parametrize("role", ["operator", "verifier", "qa", "qp", "planner", "admin"])
def test_only_engineers_draft(role: str) -> None:
    with pytest.raises(NotPermitted):
        commands.draft_version(
            recipe_code="SMALL-MBR",
            therapy=therapy(),
            document=plain_document(),
            act=act_by(person(f"r-{role}", role)),
        )


@pytest.mark.requirement("CGMP-03")
def test_an_incomplete_record_is_not_approved_and_the_refusal_names_what_is_missing() -> None:
    document = plain_document()
    document["formula"] = {**document["formula"], "excess": ""}
    version = checked_version(drafted_version(**document))
    with pytest.raises(Conflict) as refused:
        commands.approve_version(
            version_id=version.pk,
            proof=proof_of(quality()),
            seen_digest=digest_shown(version),
            act=act_by(quality()),
        )
    assert [error.pointer for error in refused.value.errors] == ["/formula/excess"]
    assert Signature.objects.filter(meaning="approved").count() == 0


@pytest.mark.requirement("CGMP-01")
def test_exactly_one_version_is_in_force() -> None:
    first = effective_recipe()
    second = effective_recipe(drafted_version())
    states = dict(RecipeVersion.objects.values_list("number", "state"))
    assert states == {1: "superseded", 2: "effective"}
    assert queries.effective_version("SMALL").pk == second.pk != first.pk


@pytest.mark.requirement("CGMP-04")
@pytest.mark.parametrize("made", [submitted_version, approved_version, effective_recipe])
def test_the_database_keeps_a_submitted_document(made: Any) -> None:
    version = made()
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE recipes_recipeversion SET document = '{}' WHERE id = %s", [version.pk]
        )


def test_a_submitted_version_is_not_revised() -> None:
    version = submitted_version()
    with pytest.raises(Conflict):
        commands.revise_version(
            version_id=version.pk,
            seen=version.version,
            document=plain_document(),
            act=act_by(engineer()),
        )


def test_a_returned_version_is_a_draft_again_and_the_reason_is_kept() -> None:
    version = submitted_version()
    commands.return_version(
        version_id=version.pk, seen=version.version, reason="S05 is too wide", act=act_by(quality())
    )
    assert RecipeVersion.objects.get().state == "draft"
    entry = LedgerEntry.objects.filter(verb="return").get()
    assert '"reason":"S05 is too wide"' in entry.entry


def test_a_stale_view_is_refused() -> None:
    version = drafted_version()
    with pytest.raises(StaleView):
        commands.submit_version(
            version_id=version.pk,
            seen=version.version + 1,
            proof=proof_of(engineer()),
            seen_digest=digest_shown(version),
            act=act_by(engineer()),
        )


def test_another_digest_than_the_one_shown_is_refused() -> None:
    version = drafted_version()
    with pytest.raises(StaleView):
        commands.submit_version(
            version_id=version.pk,
            proof=proof_of(engineer()),
            seen_digest="0" * 64,
            act=act_by(engineer()),
        )
    assert RecipeVersion.objects.get().state == "draft"
    assert Signature.objects.count() == 0


@pytest.mark.parametrize(
    ("pointer", "part", "value"),
    [
        ("/header/code", "code", "OTHER-MBR"),
        ("/header/therapy", "therapy", "OTHER"),
        ("/header/autologous", "autologous", False),
    ],
)
def test_a_document_of_another_recipe_is_refused(pointer: str, part: str, value: Any) -> None:
    document = deepcopy(plain_document())
    document["header"][part] = value
    with pytest.raises(Invalid) as refused:
        commands.draft_version(
            recipe_code="SMALL-MBR",
            therapy=therapy(),
            document=document,
            act=act_by(engineer()),
        )
    assert [error.pointer for error in refused.value.errors] == [pointer]


ABSENT = sorted(
    (state, verb)
    for state in VERSION.states
    for verb in VERSION.verbs
    if (state, verb) not in VERSION.table
)


@pytest.mark.parametrize(("state", "verb"), ABSENT)
def test_every_move_that_is_not_in_the_table_is_refused(state: str, verb: str) -> None:
    with pytest.raises(IllegalMove):
        VERSION.after(state, verb)


ILLEGAL_EDGES = sorted(
    (before, after)
    for before in VERSION.states
    for after in VERSION.states
    if before != after and (before, after) not in VERSION.edges
)


@pytest.mark.requirement("P11-08")
def test_the_database_refuses_every_edge_that_is_not_in_the_table(superuser: Any) -> None:
    version, checked_by = drafted_version(), checker().pk
    for before, after in ILLEGAL_EDGES:
        with transaction.atomic(), connection.cursor() as cursor:
            point = transaction.savepoint()
            _walk(cursor, version.pk, before, checked_by)
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(
                    "UPDATE recipes_recipeversion SET state = %s WHERE id = %s",
                    [after, version.pk],
                )
            transaction.savepoint_rollback(point)


def _walk(cursor: Any, pk: int, goal: str, checked_by: int) -> None:
    """Go to ``goal`` by legal edges only."""
    paths, todo = {"draft": ["draft"]}, ["draft"]
    while todo:
        here = todo.pop(0)
        for before, after in sorted(VERSION.edges):
            if before == here and after not in paths:
                paths[after] = [*paths[here], after]
                todo.append(after)
    for state in paths[goal][1:]:
        who = checked_by if state in ("in_review", "approved") else None
        cursor.execute(
            "UPDATE recipes_recipeversion SET state = %s,"
            " checked_by_id = coalesce(%s, checked_by_id) WHERE id = %s",
            [state, who, pk],
        )
