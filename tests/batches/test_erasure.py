"""A patient is erased: the key is gone, the record stays whole, and nobody is found any more."""

from __future__ import annotations

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit.models import LedgerEntry
from audit.verification import Verifier
from batches import commands
from batches.models import Order
from kernel.errors import Conflict, Refusal
from supply.commands import reveal_patient
from supply.models import PatientIdentifier, VaultEntry
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import wanted_order
from tests.worlds.orders import browser_of, collected_order, placed_order

NAME, GIVEN, NUMBER, BORN = "Quastenflosser", "Adalbertine", "MRN-90210-X", "1974-12-25"
WHY = "The patient asked for it, request 17."


def named(**changes: Any) -> Order:
    return placed_order(
        family_name=NAME, given_name=GIVEN, identifiers=(("urn:mrn", NUMBER),), **changes
    )


def canceled() -> Order:
    order = named()
    return commands.cancel_order(order_id=order.pk, seen=None, reason="no", act=act_by())


def erased(order: Order, reason: str = WHY) -> str:
    out = StringIO()
    call_command("erase_patient", order.patient.code, reason=reason, stdout=out)
    return out.getvalue()


def looked_at(order: Order) -> Any:
    reader = person("quinn", "qa", at_site=site("NORTH"))
    act = act_by(reader, reason="The bags were mixed up.")
    return reveal_patient(patient=order.patient, site_id=order.site_id, act=act)


@pytest.mark.requirement("A11D-07", "M03")
@pytest.mark.django_db
def test_an_erased_patient_has_no_name_and_the_ledger_still_verifies() -> None:
    order = canceled()
    before = bytes(VaultEntry.objects.get(patient=order.patient).sealed)
    assert looked_at(order)["family_name"] == NAME
    assert order.patient.code in erased(order)
    entry = VaultEntry.objects.get(patient=order.patient)
    assert (bytes(entry.wrapped_key), bytes(entry.sealed)) == (b"", before)
    with pytest.raises(Conflict, match="was erased on"):
        looked_at(order)
    told = LedgerEntry.objects.get(verb="erase", subject_id=str(entry.pk))
    assert WHY in told.entry
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("M03")
@pytest.mark.django_db
def test_the_page_of_the_order_says_erased() -> None:
    order = canceled()
    erased(order)
    browser = browser_of(person("quinn", "qa", at_site=site("NORTH")))
    page = browser.post(f"/orders/{order.number}/reveal/", {"reason": "The bags were mixed up."})
    assert page.status_code == 409
    assert "was erased on" in page.content.decode()


@pytest.mark.requirement("M03")
@pytest.mark.django_db
def test_who_was_erased_is_a_new_patient_to_the_house() -> None:
    first = canceled()
    erased(first)
    second = named()
    assert second.patient_id != first.patient_id
    assert looked_at(second)["family_name"] == NAME
    assert PatientIdentifier.objects.filter(forgotten_at=None).count() == 1
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("M03")
@pytest.mark.django_db
def test_nobody_is_erased_while_a_medicine_is_under_way_twice_or_without_a_reason() -> None:
    order = collected_order()
    with pytest.raises(CommandError, match=r"is collected: who the medicine is for must stay"):
        erased(order)
    commands.cancel_order(order_id=order.pk, seen=None, reason="no", act=act_by())
    with pytest.raises(CommandError, match="Say why"):
        erased(order, reason="  -  ")
    erased(order)
    with pytest.raises(CommandError, match="was erased on"):
        erased(order)
    with pytest.raises(CommandError, match="no such patient"):
        call_command("erase_patient", "P-NOBODY", reason=WHY)


@pytest.mark.requirement("M03")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE supply_vaultentry SET wrapped_key = 'again', erased_at = NULL",
        "UPDATE supply_vaultentry SET sealed = 'other'",
        "UPDATE supply_patientidentifier SET forgotten_at = NULL",
    ],
)
def test_the_database_lets_nothing_that_was_erased_come_back(statement: str) -> None:
    erased(canceled())
    with (
        pytest.raises(DatabaseError, match="stays erased"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.requirement("M03")
@pytest.mark.django_db(transaction=True)
def test_an_order_and_an_erasure_at_once_never_leave_an_order_for_nobody() -> None:
    order = canceled()
    answers: list[str] = []
    ready = threading.Barrier(2)

    def run(work: Any) -> None:
        try:
            ready.wait(10)
            work()
            answers.append("done")
        except Refusal as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    wanted = wanted_order(9, identifiers=(("urn:mrn", NUMBER),))
    north = site("NORTH")
    works = [
        lambda: commands.place_order(wanted=wanted, site=north, act=act_by()),
        lambda: commands.erase_patient(code=order.patient.code, act=act_by(reason=WHY)),
    ]
    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) in (["done", "done"], ["done", "order_open"])
    open_order = Order.objects.get(state="ordered")
    assert VaultEntry.objects.get(patient=open_order.patient).erased_at is None


def dumped() -> str:
    """Every table as ``pg_dump`` writes it: COPY, with bytes in hexadecimal."""
    out = StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.copy_expert(f'COPY (SELECT * FROM "{table}") TO STDOUT', out)
    return out.getvalue().casefold()


@pytest.mark.requirement("A11D-07", "SEC-29", "M03")
@pytest.mark.django_db
def test_a_dump_of_the_database_holds_no_name_birth_date_or_identifier() -> None:
    order = canceled()
    looked_at(order)
    collected_order(given_name="Waldtraud", prescriber_name="Dr. Findable")
    erased(order)
    dump = dumped()
    words = (NAME, GIVEN, NUMBER, BORN, "25.12.1974", "19741225", "Waldtraud", "Dr. Findable")
    found = {word for word in words if word.casefold() in dump or word.encode().hex() in dump}
    # The control: a search that finds what is there.
    assert found == {"Dr. Findable"}
