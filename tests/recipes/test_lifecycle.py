"""The life of a version: three people, a date, one in force for a therapy and a site."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, close_old_connections, connection, transaction

from audit.models import LedgerEntry
from audit.queries import Standing
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands as making
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted
from recipes import commands, queries
from recipes.models import RecipeVersion
from recipes.tasks import put_due_in_force
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import ROOM, issued_batch, planner, received_order, stock
from tests.worlds.recipes import (
    THERAPY,
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
LATER = NOON + timedelta(days=2)


def shown(version: RecipeVersion) -> str:
    return digest_of(queries.version_statement(version))


def signed(command: Any, version: RecipeVersion, by: Any) -> RecipeVersion:
    return command(  # type: ignore[no-any-return]  # any command of approval
        version_id=version.pk, proof=proof_of(by), seen_digest=shown(version), act=act_by(by)
    )


@pytest.mark.requirement("CGMP-02")
def test_without_a_second_person_quality_cannot_approve() -> None:
    version = submitted_version()
    with pytest.raises(Conflict) as refused:
        signed(commands.approve_version, version, quality())
    assert (refused.value.code, refused.value.status) == ("not_checked", 409)
    assert [one.meaning for one in queries.signatures_on(version)] == ["authored"]
    assert RecipeVersion.objects.get().state == "in_review"


@pytest.mark.requirement("CGMP-02", "CGMP-01")
def test_author_checker_and_approver_are_three_people() -> None:
    version = submitted_version()
    with pytest.raises(NotPermitted):
        signed(commands.check_version, version, engineer())
    signed(commands.check_version, version, quality())
    with pytest.raises(NotPermitted) as refused:
        signed(commands.approve_version, version, quality())
    assert refused.value.code == "own_check"
    with pytest.raises(AlreadyDone):
        signed(commands.check_version, version, checker())
    approved = signed(commands.approve_version, version, person("qadira", "qa"))
    assert approved.state == "approved"
    names = [one.signer.username for one in queries.signatures_on(version)]
    assert names == ["erik", "quinn", "qadira"]


@pytest.mark.requirement("CGMP-02")
@pytest.mark.parametrize("role", ["operator", "verifier", "qp", "planner", "admin"])
def test_only_engineers_and_quality_check(role: str) -> None:
    version = submitted_version()
    with pytest.raises(NotPermitted):
        signed(commands.check_version, version, person(f"r-{role}", role))


@pytest.mark.requirement("CGMP-02")
def test_the_database_approves_nothing_that_nobody_checked(superuser: Any) -> None:
    version = submitted_version()
    for by in (None, version.drafted_by_id):
        with (
            pytest.raises(IntegrityError, match="somebody else has checked"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE recipes_recipeversion SET state = 'approved', checked_by_id = %s"
                " WHERE id = %s",
                [by, version.pk],
            )


def test_what_was_given_back_is_checked_again() -> None:
    version = checked_version()
    commands.return_version(
        version_id=version.pk, seen=version.version, reason="S05 is wide", act=act_by(quality())
    )
    draft = RecipeVersion.objects.get()
    assert (draft.state, draft.checked_by, draft.checked_at) == ("draft", None, None)
    document = deepcopy(plain_document())
    document["header"]["batch_size"] = "2 bags"
    commands.revise_version(
        version_id=draft.pk, seen=draft.version, document=document, act=act_by(engineer())
    )
    again = submitted_version(RecipeVersion.objects.get())
    with pytest.raises(Conflict) as refused:
        signed(commands.approve_version, again, quality())
    assert refused.value.code == "not_checked"
    signatures = queries.signatures_on(again)
    standings = queries.standing_of_versions(signatures)
    as_signed = [standings[one.pk] is Standing.AS_SIGNED for one in signatures]
    meanings = [one.meaning for one in signatures]
    assert list(zip(meanings, as_signed, strict=True)) == [
        ("authored", False),
        ("reviewed", False),
        ("authored", True),
    ]
    assert not list(Verifier().findings())


@pytest.mark.requirement("A11-10")
def test_a_version_comes_into_force_on_its_day_by_itself() -> None:
    first = effective_recipe()
    second = approved_version(drafted_version())
    commands.schedule_version(version_id=second.pk, effective_from=LATER, act=act_by(quality()))
    assert commands.make_due_effective(act=act_by(at=LATER - timedelta(seconds=1))) == []
    assert queries.effective_version(THERAPY).pk == first.pk
    came = commands.make_due_effective(act=act_by(at=LATER))
    assert [one.pk for one in came] == [second.pk]
    assert commands.make_due_effective(act=act_by(at=LATER)) == []
    states = dict(RecipeVersion.objects.values_list("number", "state"))
    assert states == {1: "superseded", 2: "effective"}
    entry = LedgerEntry.objects.filter(verb="make_effective").order_by("id").last()
    assert entry is not None
    assert '"reason":"its time has come"' in entry.entry


@pytest.mark.requirement("A11-10")
def test_a_worker_that_is_late_makes_nobody_plan_by_the_old_version() -> None:
    order = received_order()
    second = approved_version(drafted_version())
    commands.schedule_version(version_id=second.pk, effective_from=LATER, act=act_by(quality()))
    stock()
    batch = making.plan_batch(
        order_id=order.pk, room_code=ROOM, act=act_by(planner(), at=LATER + timedelta(hours=1))
    )
    assert batch.recipe_version_id == second.pk


def test_the_worker_finds_what_is_due() -> None:
    version = approved_version()
    commands.schedule_version(
        version_id=version.pk, effective_from=NOON + timedelta(seconds=1), act=act_by(quality())
    )
    with time_machine.travel(NOON + timedelta(seconds=2)):
        assert (put_due_in_force(), put_due_in_force()) == (1, 0)
    assert RecipeVersion.objects.get().state == "effective"


def test_a_date_is_ahead_and_can_be_taken_back() -> None:
    version = approved_version()
    with pytest.raises(Invalid):
        commands.schedule_version(version_id=version.pk, effective_from=NOON, act=act_by(quality()))
    with pytest.raises(NotPermitted):
        commands.schedule_version(
            version_id=version.pk, effective_from=LATER, act=act_by(engineer())
        )
    for date in (LATER, None):
        commands.schedule_version(version_id=version.pk, effective_from=date, act=act_by(quality()))
    assert commands.make_due_effective(act=act_by(at=LATER)) == []
    with pytest.raises(IllegalMove):
        commands.schedule_version(
            version_id=effective_recipe(drafted_version()).pk,
            effective_from=LATER,
            act=act_by(quality()),
        )


def _other_recipe(code: str, **more: Any) -> RecipeVersion:
    """A draft of another recipe of the same therapy."""
    document = deepcopy(plain_document())
    document["header"]["code"] = code
    return commands.draft_version(
        recipe_code=code, therapy=therapy(), document=document, act=act_by(engineer()), **more
    )


@pytest.mark.requirement("CGMP-01")
def test_another_recipe_of_the_therapy_takes_the_place_of_the_first() -> None:
    first = effective_recipe()
    second = effective_recipe(_other_recipe("OTHER-MBR"))
    first.refresh_from_db()
    assert (first.state, queries.effective_version(THERAPY).pk) == ("superseded", second.pk)


@pytest.mark.requirement("CGMP-01")
def test_a_site_may_have_a_recipe_of_its_own() -> None:
    everywhere = effective_recipe()
    plant = effective_recipe(_other_recipe("PLANT-MBR", site=site("PLANT")))
    everywhere.refresh_from_db()
    assert (everywhere.state, plant.state) == ("effective", "effective")
    assert queries.effective_version(THERAPY, site_id=site("PLANT").pk).pk == plant.pk
    for elsewhere in (None, site("NORTH").pk):
        assert queries.effective_version(THERAPY, site_id=elsewhere).pk == everywhere.pk
    with pytest.raises(Conflict):
        _other_recipe("PLANT-MBR", site=site("NORTH"))


@pytest.mark.requirement("CGMP-01")
def test_the_database_keeps_one_version_in_force(superuser: Any) -> None:
    effective_recipe()
    other = approved_version(_other_recipe("OTHER-MBR"))
    with (
        pytest.raises(IntegrityError, match="in force at this site"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE recipes_recipeversion SET state = 'effective' WHERE id = %s", [other.pk]
        )


@pytest.mark.requirement("CGMP-01")
@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_into_force_at_once_one_is_left() -> None:
    versions = [approved_version(_other_recipe(f"R{number}-MBR")).pk for number in range(4)]
    qa, together = quality(), Barrier(4)

    def put(pk: int) -> None:
        together.wait()
        try:
            commands.make_effective(version_id=pk, act=act_by(qa))
        finally:
            close_old_connections()
            connection.close()

    threads = [Thread(target=put, args=(pk,)) for pk in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = list(RecipeVersion.objects.values_list("state", flat=True))
    assert sorted(states) == ["effective", *["superseded"] * 3]


@pytest.mark.requirement("CGMP-04", "A11-10")
def test_a_running_batch_keeps_its_version() -> None:
    batch = issued_batch()
    before = (batch.recipe_version_id, batch.control_recipe_digest)
    effective_recipe(drafted_version())
    batch.refresh_from_db()
    assert (batch.recipe_version_id, batch.control_recipe_digest) == before
    assert batch.recipe_version.state == "superseded"
    assert not list(Verifier(streams=[batch.stream()]).findings())
