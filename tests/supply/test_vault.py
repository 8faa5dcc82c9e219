"""The identity vault: found by identifier, sealed with a key of its own, nowhere else in words."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import LedgerEntry
from kernel.errors import Conflict, Invalid, NotPermitted, Unavailable
from supply import commands
from supply.models import Patient, PatientIdentifier, VaultEntry
from tests.worlds.audit import act_by, person, site
from tests.worlds.orders import collected_order, placed_order

NAME = "Quastenflosser"
GIVEN = "Adalbertine"
NUMBER = "MRN-90210-X"


def registered(*values: str, name: str = NAME) -> Patient:
    return commands.register_patient(
        identifiers=[{"system": "urn:mrn", "value": value} for value in values or (NUMBER,)],
        demographics={"family_name": name, "given_name": GIVEN, "birth_date": "1974-12-25"},
        act=act_by(),
    )


@pytest.mark.django_db
def test_the_same_identifier_is_the_same_patient() -> None:
    first = registered("1")
    assert registered("1", "2").pk == first.pk
    assert registered("2").pk == first.pk
    assert registered("3").pk != first.pk
    assert PatientIdentifier.objects.count() == 3


@pytest.mark.django_db
def test_the_system_is_part_of_the_identifier() -> None:
    first = registered("1")
    other = commands.register_patient(
        identifiers=[{"system": "urn:other", "value": "1"}], demographics={}, act=act_by()
    )
    assert other.pk != first.pk


@pytest.mark.django_db
def test_identifiers_of_two_patients_are_refused_and_nothing_is_kept() -> None:
    registered("1"), registered("2")
    before = LedgerEntry.objects.count()
    with pytest.raises(Conflict) as refused:
        registered("1", "2", "3")
    assert refused.value.code == "identifiers_conflict"
    assert PatientIdentifier.objects.count() == 2
    assert LedgerEntry.objects.count() == before


@pytest.mark.django_db
def test_a_patient_without_an_identifier_is_refused() -> None:
    with pytest.raises(Invalid):
        commands.register_patient(identifiers=[], demographics={}, act=act_by())


def text_columns() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type <> 'bytea'"
        )
        return list(cursor.fetchall())


@pytest.mark.requirement("A11D-07", "TRK-02")
@pytest.mark.django_db
def test_no_column_of_any_table_holds_who_the_patient_is() -> None:
    collected_order(
        family_name=NAME, given_name=GIVEN, identifiers=(("urn:mrn", NUMBER),),
        prescriber_name="Dr. Findable",
    )  # fmt: skip
    found = []
    with connection.cursor() as cursor:
        for word in (NAME, GIVEN, NUMBER, "1974-12-25", "Dr. Findable"):
            for table, column in text_columns():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s',
                    [f"%{word}%"],
                )
                if cursor.fetchone()[0]:
                    found.append((word, table, column))
    # The control: a search that finds what is there.
    assert {word for word, _, _ in found} == {"Dr. Findable"}


@pytest.mark.requirement("A11D-07")
@pytest.mark.django_db
def test_the_sealed_bytes_hold_no_word_and_differ_each_time() -> None:
    first, second = registered("1"), registered("2")
    sealed = [bytes(VaultEntry.objects.get(patient=one).sealed) for one in (first, second)]
    assert all(NAME.encode() not in one and GIVEN.encode() not in one for one in sealed)
    assert sealed[0] != sealed[1]


@pytest.mark.requirement("A11D-07")
@pytest.mark.django_db
def test_an_entry_in_the_place_of_anothers_or_changed_by_a_bit_does_not_open(
    superuser_in_test: Any,
) -> None:
    mine, other = registered("1"), registered("2", name="Other")
    theirs = VaultEntry.objects.get(patient=other)
    superuser_in_test(
        "UPDATE supply_vaultentry SET sealed = %s, wrapped_key = %s WHERE patient_id = %s",
        [bytes(theirs.sealed), bytes(theirs.wrapped_key), mine.pk],
    )
    with pytest.raises(Unavailable):
        revealed(mine)
    changed = bytearray(theirs.sealed)
    changed[-1] ^= 1
    superuser_in_test(
        "UPDATE supply_vaultentry SET sealed = %s WHERE patient_id = %s",
        [bytes(changed), other.pk],
    )
    with pytest.raises(Unavailable):
        revealed(other)


@pytest.fixture
def superuser_in_test() -> Any:
    """Write past the commands, in the transaction of the test."""

    def run(statement: str, values: list[Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount == 1

    return run


def revealed(patient: Patient, *, role: str = "qa", reason: str = "Bags mixed up.") -> Any:
    who = person(f"r-{role}", role, at_site=site("NORTH"))
    return commands.reveal_patient(
        patient=patient, site_id=site("NORTH").pk, act=act_by(who, reason=reason)
    )


@pytest.mark.django_db
def test_a_patient_is_revealed_to_who_may_know_with_a_reason() -> None:
    patient = registered("1")
    assert revealed(patient)["family_name"] == NAME
    assert LedgerEntry.objects.filter(verb="reveal", subject_id=str(patient.pk)).count() == 1
    for role in ("operator", "verifier", "engineer", "admin"):
        with pytest.raises(NotPermitted):
            revealed(patient, role=role)
    with pytest.raises(Invalid):
        revealed(patient, reason="  no  ")
    assert LedgerEntry.objects.filter(verb="reveal").count() == 1


@pytest.mark.requirement("COI-01", "COI-02", "TRK-02")
@pytest.mark.django_db
def test_each_order_has_one_opaque_identifier_of_its_own() -> None:
    first = placed_order(identifiers=(("urn:mrn", "SAME-PATIENT"),))
    second = placed_order(
        identifiers=(("urn:mrn", "SAME-PATIENT"),),
        administer_from=first.administer_to.replace(month=5),
        administer_to=first.administer_to.replace(month=6),
    )
    assert first.patient_id == second.patient_id
    assert first.chain_id != second.chain_id


@pytest.mark.requirement("COI-01", "COI-02")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO supply_chainofidentity (value, issuer, patient_id, issued_at)"
        " SELECT value, issuer, patient_id, issued_at FROM supply_chainofidentity LIMIT 1",
        "UPDATE batches_order SET chain_id = (SELECT min(chain_id) FROM batches_order)",
    ],
)
def test_an_identifier_is_never_issued_or_used_a_second_time(statement: str) -> None:
    placed_order()
    placed_order()
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_two_first_orders_for_a_patient_at_once_make_one_patient() -> None:
    made: list[int] = []
    ready = threading.Barrier(2)

    def order(name: str) -> None:
        try:
            ready.wait(10)
            made.append(registered("1", name=name).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=order, args=[name]) for name in ("Maiden", "Married")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 2
    assert len(set(made)) == 1
    assert Patient.objects.count() == 1
