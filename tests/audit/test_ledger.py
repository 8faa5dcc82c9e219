"""The ledger: chained by the database, recomputed in Python, witnessed outside."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry, NoAct, Site
from audit.verification import Verifier
from kernel.canonical import EMPTY_HASH, canonical, chained
from tests.worlds.audit import act_by, person, site


def found() -> list[str]:
    return [str(finding) for finding in Verifier().findings()]


@pytest.mark.requirement("P11-02")
def test_the_published_chain_vector_is_met() -> None:
    first = chained(EMPTY_HASH, canonical({"a": "create", "seq": 1}))
    assert first == "27b68692dceac0abe902dbcb1ed70489f88d1dc6d8978e23d215b5503a408750"


@pytest.mark.django_db
def test_python_and_the_trigger_agree_on_every_link() -> None:
    person("anna", "operator", at_site=site("PLANT"))
    assert LedgerEntry.objects.count() == 7
    assert found() == []


@pytest.mark.django_db
def test_a_record_saved_outside_a_command_is_refused() -> None:
    with pytest.raises(NoAct):
        Site(code="X", name="X", kind="plant").save()


@pytest.mark.requirement("P11-07")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_ledgerentry SET entry = '{}'",
        "DELETE FROM audit_ledgerentry",
        "TRUNCATE audit_ledgerentry",
        "ALTER TABLE audit_ledgerentry DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON audit_ledgerentry",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_role_cannot_touch_the_ledger(attack: str) -> None:
    site()
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


@pytest.mark.requirement("P11-01")
@pytest.mark.django_db(transaction=True)
def test_a_changed_value_is_named(attacker: Any) -> None:
    plant = site()
    attacker.execute("UPDATE audit_site SET name = 'Planu' WHERE id = %s", [plant.pk])
    assert found() == [f"changed: audit.Site {plant.pk}.name: is not what was recorded"]


@pytest.mark.requirement("P11-02")
@pytest.mark.django_db(transaction=True)
def test_a_deleted_middle_entry_is_named(attacker: Any) -> None:
    site("NORTH")
    site("SOUTH")
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = 'people' AND seq = 2")
    assert "gap: ledger people #2: is missing" in found()


@pytest.mark.requirement("P11-02")
@pytest.mark.django_db(transaction=True)
def test_a_deleted_last_entry_is_named_by_the_checkpoint(attacker: Any) -> None:
    site("NORTH")
    line = write_checkpoint(act=act_by())
    assert line is not None
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = 'people' AND seq = 2")
    attacker.execute("DELETE FROM audit_site")
    attacker.execute("DELETE FROM audit_historicalsite")
    assert found() == ["truncated: ledger people #2: is missing; checkpoint 1 saw it"]
