"""No unrecorded write can commit: the database asks every transaction for its entries.

Each test runs as the application's role, with the rights that the product has.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from audit.acts import Act, command, record
from audit.commands.passwords import choose_password
from audit.models import Site, User
from tests.worlds.audit import act_by, person, site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("P11-06")]


def plant() -> Site:
    return Site.objects.get(code="PLANT")


def refused(words: str) -> Any:
    return pytest.raises(IntegrityError, match=words)


def test_an_update_past_the_record_is_refused() -> None:
    site("PLANT")
    with refused(r"audit\.Site \d+ was written and not recorded"):
        Site.objects.filter(code="PLANT").update(name="Elsewhere")
    assert plant().name != "Elsewhere"


def test_rows_added_in_bulk_are_refused() -> None:
    with refused("was written and not recorded"):
        Site.objects.bulk_create([Site(code="X", name="X", kind="plant")])
    assert not Site.objects.exists()


def test_rows_changed_in_bulk_are_refused() -> None:
    site("PLANT")
    changed = plant()
    changed.name = "Elsewhere"
    with refused("was written and not recorded"):
        Site.objects.bulk_update([changed], ["name"])


def test_raw_sql_is_refused() -> None:
    site("PLANT")
    with refused("was written and not recorded"), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_site SET name = 'Elsewhere'")


def test_an_entry_about_another_row_does_not_help() -> None:
    site("PLANT")
    site("NORTH")

    @command
    def rename(*, act: Act) -> None:
        north = Site.objects.get(code="NORTH")
        north.name = "The north"
        north.save()
        record(act, "rename", north)
        Site.objects.filter(code="PLANT").update(name="Elsewhere")

    with refused("was written and not recorded"):
        rename(act=act_by(person("petra")))
    assert Site.objects.get(code="NORTH").name != "The north"


def test_a_column_that_no_entry_names_is_refused_by_its_name() -> None:
    site("PLANT")

    @command
    def rename(*, act: Act) -> None:
        found = plant()
        found.name = "Plant of the south"
        found.save()
        record(act, "rename", found)
        Site.objects.filter(pk=found.pk).update(kind="hospital")

    with refused(r"audit\.Site \d+: kind was written and not recorded"):
        rename(act=act_by(person("petra")))


def test_an_entry_of_an_earlier_transaction_does_not_help() -> None:
    site("PLANT")

    @command
    def rename(*, act: Act) -> None:
        found = plant()
        found.name = "Plant of the south"
        found.save()
        record(act, "rename", found)

    rename(act=act_by(person("petra")))
    with refused("was written and not recorded"):
        Site.objects.filter(code="PLANT").update(name="Elsewhere")


def test_history_that_belongs_to_no_act_is_refused() -> None:
    site("PLANT")
    row = Site.history.first()
    assert row is not None
    row.pk, row.name, row.history_change_reason = None, "Elsewhere", str(uuid4())
    with refused("history of audit.Site"):
        row.save(force_insert=True)


def test_what_is_kept_out_of_the_ledger_may_change_by_a_recorded_act_only() -> None:
    anna = person("anna")
    choose_password(user=anna, password="another good long password", act=act_by(anna))
    with refused("was written and not recorded"):
        User.objects.filter(pk=anna.pk).update(password="!")


def test_a_write_that_changes_nothing_needs_no_entry() -> None:
    site("PLANT")
    Site.objects.filter(code="PLANT").update(name=plant().name)


def test_the_question_is_asked_at_the_commit_and_before_it_when_wished() -> None:
    site("PLANT")
    with refused("was written and not recorded"), transaction.atomic():
        Site.objects.filter(code="PLANT").update(name="Elsewhere")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
