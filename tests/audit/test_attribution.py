"""Attributable: behind each change of each record stands a person or a named program."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from audit.acts import Act, command, record
from audit.edges import act_of_task
from audit.models import LedgerEntry, Site, User
from tests.worlds.audit import act_by, person, site

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-01")]


def written(body: dict[str, object]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_ledgerentry (stream, entry) VALUES ('people', %s)",
            [json.dumps(body)],
        )


@pytest.mark.parametrize("left_out", ["by", "act", "verb", "subject"])
def test_the_database_takes_no_entry_of_nobody_or_about_nothing(left_out: str) -> None:
    body: dict[str, object] = {
        "act": str(uuid4()),
        "by": {"id": person("anna").pk},
        "verb": "rename",
        "subject": {"type": "audit.Site", "id": "1"},
    }
    written(body)
    del body[left_out]
    with pytest.raises(IntegrityError):
        written(body)


@command
def renamed(*, act: Act) -> None:
    found = site("PLANT")
    found.name = f"Plant, renamed by {act.by.username}"
    found.save()
    record(act, "rename", found)


def test_an_entry_names_the_person_and_so_does_the_history_of_the_row() -> None:
    site("PLANT")
    anna = person("anna")
    renamed(act=act_by(anna))
    entry = LedgerEntry.objects.get(verb="rename")
    assert (entry.actor_id, json.loads(entry.entry)["by"]["name"]) == (anna.pk, anna.full_name)
    newest = Site.history.first()
    assert newest is not None
    assert (newest.history_user, newest.history_change_reason) == (anna, str(entry.act))


def test_what_a_task_does_is_the_systems_and_names_its_cause() -> None:
    site("PLANT")
    renamed(act=act_of_task("watch_sensors"))
    entry = LedgerEntry.objects.get(verb="rename")
    system = User.objects.get(pk=entry.actor_id)
    assert (system.is_person, json.loads(entry.entry)["origin"]) == (False, "task:watch_sensors")


def test_a_command_without_somebody_who_acts_does_not_begin() -> None:
    with pytest.raises(TypeError, match="needs an act"):
        renamed(act=None)  # type: ignore[arg-type]
