"""Custody: a bag belongs to one patient for ever, and a scan that says otherwise leaves a trace."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import FeedEvent
from kernel.errors import AlreadyDone, Conflict, Invalid
from kernel.events import readers_of
from quality.models import Deviation
from supply import commands
from supply.events import CustodyBroken
from supply.models import ChainOfIdentity, Collection, Container, CustodyEvent
from supply.queries import custody_of
from supply.rules.iso7064 import is_checked
from tests.conftest import NOON
from tests.worlds.audit import act_by, site

BAGS: list[tuple[str | None, Decimal | None]] = [(None, Decimal("80.5")), ("OWN-1", None)]


def chain(value: str) -> ChainOfIdentity:
    patient = commands.register_patient(
        identifiers=[{"system": "urn:test", "value": value}], demographics={}, act=act_by()
    )
    return commands.issue_chain(patient=patient, issuer="ONELOT", act=act_by())


def collected(
    of: ChainOfIdentity, *, number: str = "G123498654321", bags: Any = BAGS
) -> Collection:
    return commands.record_collection(
        chain=of, donation_number=number, collected_at=NOON, bags=bags, site=site("NORTH"),
        act=act_by(),
    )  # fmt: skip


def scanned(of: ChainOfIdentity, code: str, ask: Any = commands.receive_bag) -> Any:
    return ask(chain=of, scanned=code, is_keyed=False, site=site("PLANT"), act=act_by())


@pytest.mark.requirement("COI-01", "TRK-02")
@pytest.mark.django_db
def test_bags_get_codes_with_a_check_character_and_their_custody_begins() -> None:
    mine = chain("1")
    collected(mine)
    first, second = Container.objects.order_by("ordinal")
    assert first.code.startswith("BAG-")
    assert is_checked(first.code.replace("-", ""))
    assert (second.code, first.volume_ml, second.volume_ml) == ("OWN-1", Decimal("80.5"), None)
    assert [(one.kind, one.scanned) for one in custody_of(mine)] == [
        ("collected", first.code),
        ("collected", "OWN-1"),
    ]


@pytest.mark.requirement("COI-01")
@pytest.mark.django_db
def test_one_chain_may_have_more_donations_and_a_donation_one_chain() -> None:
    mine, other = chain("1"), chain("2")
    collected(mine)
    collected(mine, number="G123498654322", bags=[(None, None)])
    assert mine.collections.count() == 2
    with pytest.raises(Conflict, match="donation number"):
        collected(other, bags=[(None, None)])
    with pytest.raises(Conflict, match="bag code") as refused:
        collected(other, number="G123498654323", bags=[("NEW-1", None), ("OWN-1", None)])
    assert refused.value.errors[0].pointer == "/bags/1/code"
    assert Container.objects.filter(chain=other).count() == 0
    assert Collection.objects.filter(chain=other).count() == 0


@pytest.mark.requirement("COI-03")
@pytest.mark.django_db
def test_the_expected_bag_is_received_where_it_was_scanned_once() -> None:
    mine = chain("1")
    collected(mine)
    outcome = scanned(mine, "  OWN-1 ")
    assert outcome.is_match
    assert outcome.container is not None
    bag = Container.objects.get(code="OWN-1")
    assert (bag.state, bag.site.code) == ("received", "PLANT")
    with pytest.raises(AlreadyDone):
        scanned(mine, "OWN-1")
    assert FeedEvent.objects.filter(kind="bag.received").count() == 1


@pytest.mark.requirement("COI-03", "CGMP-07")
@pytest.mark.django_db
@pytest.mark.parametrize("ask", [commands.receive_bag, commands.check_identity])
@pytest.mark.parametrize("what", ["bag", "identifier", "identifier without hyphens"])
def test_what_is_another_patients_is_refused_kept_and_told(ask: Any, what: str) -> None:
    mine, other = chain("1"), chain("2")
    collected(mine)
    collected(other, number="G123498654322", bags=[("THEIRS", None)])
    code = {"bag": "THEIRS", "identifier": other.value}.get(what, other.value.replace("-", ""))
    outcome = scanned(mine, code, ask)
    assert (outcome.is_match, outcome.belongs_to_other) == (False, True)
    assert "WRONG PATIENT" in outcome.detail
    assert code in outcome.detail
    kept = CustodyEvent.objects.get(is_match=False)
    assert (kept.chain_id, kept.container_id, kept.scanned) == (mine.pk, None, code)
    assert Container.objects.get(code="THEIRS").state == "collected"
    assert readers_of(CustodyBroken)
    assert Deviation.objects.get().classification == "critical"


@pytest.mark.requirement("COI-03")
@pytest.mark.django_db
def test_an_identity_check_takes_the_bag_or_the_label_of_the_patient() -> None:
    mine = chain("1")
    collected(mine)
    for code in ("OWN-1", mine.value, mine.value.lower().replace("-", " ")):
        assert scanned(mine, code, commands.check_identity).is_match
    assert CustodyEvent.objects.filter(kind="checked", is_match=True).count() == 3
    with pytest.raises(Invalid, match="not the label"):
        scanned(mine, mine.value)


@pytest.mark.requirement("COI-03")
@pytest.mark.django_db
def test_a_code_with_one_wrong_character_is_never_the_patients() -> None:
    mine = chain("1")
    collected(mine)
    code = mine.value
    for place in range(4, len(code)):
        if code[place] != "-":
            wrong = code[:place] + ("7" if code[place] != "7" else "8") + code[place + 1 :]
            assert not scanned(mine, wrong, commands.check_identity).is_match, wrong


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "  ", "x" * 121, "a\x00b", "a\nb"])
def test_what_cannot_be_a_scan_is_refused_without_a_trace(code: str) -> None:
    mine = chain("1")
    with pytest.raises(Invalid):
        scanned(mine, code, commands.check_identity)
    assert CustodyEvent.objects.count() == 0


@pytest.mark.django_db
def test_custody_is_only_ever_added_and_a_bag_never_given_to_another() -> None:
    mine, other = chain("1"), chain("2")
    collected(mine)
    statements = (
        "UPDATE supply_custodyevent SET scanned = 'x'",
        "DELETE FROM supply_custodyevent",
        "DELETE FROM supply_container",
        f"UPDATE supply_chainofidentity SET patient_id = {other.patient_id}",
    )
    for statement in statements:
        with (
            pytest.raises((DatabaseError, IntegrityError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_operators_with_one_bag_one_receives_it() -> None:
    mine = chain("1")
    collected(mine)
    ready = threading.Barrier(2)
    told: list[str] = []

    def receive() -> None:
        try:
            ready.wait(10)
            scanned(mine, "OWN-1")
            told.append("received")
        except AlreadyDone:
            told.append("already")
        finally:
            connection.close()

    site("PLANT")
    threads = [threading.Thread(target=receive) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["already", "received"]
    assert CustodyEvent.objects.filter(kind="received").count() == 1
