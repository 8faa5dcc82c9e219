"""Orders over REST: the contract, the repeats, the strangers, and everything that is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client

from audit.models import LedgerEntry, RememberedAnswer
from audit.verification import Verifier
from batches.models import Order
from supply.models import Patient, VaultEntry
from tests.worlds.audit import client_token, site
from tests.worlds.recipes import THERAPY, effective_recipe

pytestmark = pytest.mark.django_db
NAUGHTY = Path(__file__).resolve().parents[4] / "shared" / "data" / "payloads" / "blns.json"
SECRET_NAME = "Quandaryname"


def day(offset: int) -> str:
    return str((datetime.now(UTC) + timedelta(days=offset)).date())


def body(**changes: Any) -> dict[str, Any]:
    """An order that is right, but for ``changes`` given by dotted path."""
    made: dict[str, Any] = {
        "external_id": "H-1042",
        "therapy": THERAPY,
        "site": "NORTH",
        "patient": {
            "identifiers": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
            "family_name": SECRET_NAME,
            "given_name": "Zebulonia",
            "birth_date": "1974-12-25",
            "sex": "male",
            "weight_kg": "82.5",
            "height_cm": "178",
        },
        "collection": {"planned_at": f"{day(3)}T08:00:00Z"},
        "administration_window": {"from": day(40), "to": day(47)},
        "prescriber": {"identifier": "PR-1", "name": "Dr. Roe"},
        "consent": {"reference": "C-1", "signed_at": f"{day(-2)}T10:00:00Z"},
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        place = made
        for step in way:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return made


@pytest.fixture
def token() -> str:
    effective_recipe()
    return client_token(site("NORTH"))[1]


def sent(token: str, data: Any, *, key: str = "", raw: bytes | None = None) -> Any:
    return Client().post(
        "/api/v1/orders/",
        raw if raw is not None else json.dumps(data),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid4())},
    )


def nothing_was_stored() -> bool:
    return not (
        Order.objects.exists()
        or Patient.objects.exists()
        or VaultEntry.objects.exists()
        or RememberedAnswer.objects.exists()
    )


def faults(answer: Any) -> set[str]:
    assert answer["Content-Type"] == "application/problem+json", answer.content
    told = answer.json()
    assert told["status"] == answer.status_code
    return {error["pointer"] for error in told["errors"]}


@pytest.mark.requirement("COI-01", "COI-02")
def test_an_order_is_answered_with_number_and_chain_of_identity(token: str) -> None:
    answer = sent(token, body())
    told = answer.json()
    assert answer.status_code == 201, told
    assert answer["Location"] == f"/api/v1/orders/{told['number']}/"
    assert answer["ETag"] == '"1"'
    assert (told["state"], told["version"], told["external_id"]) == ("ordered", 1, "H-1042")
    assert told["chain_of_identity"].startswith("COI-")
    got = Client().get(answer["Location"], headers={"Authorization": f"Bearer {token}"})
    assert got.json() == told
    again = Client().get(
        answer["Location"],
        headers={"Authorization": f"Bearer {token}", "If-None-Match": '"1"'},
    )
    assert again.status_code == 304
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("A11D-07", "TRK-02")
def test_no_column_of_any_table_holds_the_patients_name(token: str) -> None:
    assert sent(token, body()).status_code == 201
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{SECRET_NAME}%"]
            )
            assert cursor.fetchone()[0] == 0, table
        cursor.execute("SELECT count(*) FROM batches_order t WHERE t::text LIKE '%H-1042%'")
        assert cursor.fetchone()[0] == 1


def test_a_repeat_gets_the_same_answer_and_makes_nothing(token: str) -> None:
    key = str(uuid4())
    first, second = sent(token, body(), key=key), sent(token, body(), key=key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert (second["Location"], second["ETag"]) == (first["Location"], first["ETag"])
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(token: str) -> None:
    key = str(uuid4())
    sent(token, body(), key=key)
    answer = sent(token, body(patient__weight_kg="83"), key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize("key", ["x", "12345678", "{6ba7b810-9dad-41d1-80b4-00c04fd430c8}"])
def test_the_key_must_be_a_uuid(token: str, key: str) -> None:
    assert sent(token, body(), key=key).status_code == 400
    assert nothing_was_stored()


@pytest.mark.requirement("SEC-09")
@pytest.mark.django_db(transaction=True)
def test_twenty_requests_with_one_key_at_once_make_one_order(token: str) -> None:
    key, found, start = str(uuid4()), [], Barrier(20)

    def ask() -> None:
        start.wait()
        answer = sent(token, body(), key=key)
        found.append(answer.status_code)
        connections.close_all()

    threads = [Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Order.objects.count() == 1
    assert set(found) <= {201, 409}
    assert found.count(201) >= 1


@pytest.mark.requirement("A11D-05", "A11-05", "SEC-07", "SEC-24")
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"therapy": "NOPE"}, "/therapy"),
        ({"patient__birth_date": "2999-01-01"}, "/patient/birth_date"),
        ({"patient__birth_date": "1974-02-30"}, "/patient/birth_date"),
        ({"patient__birth_date": "19741225"}, "/patient/birth_date"),
        ({"patient__weight_kg": "0"}, "/patient/weight_kg"),
        ({"patient__weight_kg": "-1"}, "/patient/weight_kg"),
        ({"patient__weight_kg": "1e309"}, "/patient/weight_kg"),
        ({"patient__weight_kg": "NaN"}, "/patient/weight_kg"),
        ({"patient__weight_kg": "٨٢"}, "/patient/weight_kg"),
        ({"patient__weight_kg": "82.5 lb"}, "/patient/weight_kg"),
        ({"patient__weight_kg": True}, "/patient/weight_kg"),
        ({"patient__weight_kg": None}, "/patient/weight_kg"),
        ({"patient__height_cm": "1000"}, "/patient/height_cm"),
        ({"patient__sex": "m"}, "/patient/sex"),
        ({"patient__identifiers": []}, "/patient/identifiers"),
        ({"patient__family_name": "   "}, "/patient/family_name"),
        ({"patient__family_name": 7}, "/patient/family_name"),
        ({"patient__family_name": "a\nb"}, "/patient/family_name"),
        ({"patient__given_name": ...}, "/patient/given_name"),
        ({"patient__nickname": "Jo"}, "/patient/nickname"),
        ({"state": "released"}, "/state"),
        ({"external_id": "x" * 65}, "/external_id"),
        ({"collection": ...}, "/collection"),
        ({"collection__planned_at": "2027-01-11 08:00"}, "/collection/planned_at"),
        ({"collection__planned_at": "0001-01-01T00:00:00+14:00"}, "/collection/planned_at"),
        ({"collection__planned_at": "2020-01-11T08:00:00Z"}, "/collection/planned_at"),
        ({"administration_window__to": day(39)}, "/administration_window/to"),
        ({"consent__signed_at": f"{day(2)}T10:00:00Z"}, "/consent/signed_at"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    token: str, changes: dict[str, Any], pointer: str
) -> None:
    before = LedgerEntry.objects.count()
    answer = sent(token, body(**changes))
    assert answer.status_code == 422, answer.content
    assert pointer in faults(answer)
    assert nothing_was_stored()
    assert LedgerEntry.objects.count() == before


@pytest.mark.requirement("A11-05")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_order_is_refused(token: str, raw: bytes) -> None:
    answer = sent(token, None, raw=raw)
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"
    assert nothing_was_stored()


def test_a_body_over_a_megabyte_is_too_large(token: str) -> None:
    answer = sent(token, body(external_id="x" * 1_100_000))
    assert answer.status_code == 413
    assert faults(answer) == set()
    assert nothing_was_stored()


def test_only_json_is_taken(token: str) -> None:
    answer = Client().post(
        "/api/v1/orders/",
        "a=1",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())},
    )
    assert answer.status_code == 415


@pytest.mark.requirement("P11-05")
def test_a_stranger_is_asked_who_it_is() -> None:
    effective_recipe()
    answer = sent("mes_live_unknown", body())
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="onelot"')
    assert nothing_was_stored()


@pytest.mark.requirement("SEC-23")
def test_another_sites_orders_do_not_exist(token: str) -> None:
    number = sent(token, body()).json()["number"]
    stranger = client_token(site("SOUTH"), name="portal-south")[1]
    asked = {"Authorization": f"Bearer {stranger}"}
    assert Client().get(f"/api/v1/orders/{number}/", headers=asked).status_code == 404
    assert Client().get("/api/v1/orders/", headers=asked).json()["results"] == []
    assert sent(stranger, body(external_id="H-2")).status_code == 403
    assert Order.objects.count() == 1


def test_a_second_order_for_the_same_patient_and_window_is_refused(token: str) -> None:
    assert sent(token, body()).status_code == 201
    answer = sent(token, body(external_id="H-1043", administration_window__from=day(45)))
    assert (answer.status_code, answer.json()["code"]) == (409, "second_order")
    later = body(external_id="H-1044")
    later["administration_window"] = {"from": day(60), "to": day(67)}
    assert sent(token, later).status_code == 201
    assert Patient.objects.count() == 1


def test_an_order_is_sent_once(token: str) -> None:
    sent(token, body())
    other = body()
    other["patient"]["identifiers"][0]["value"] = "99999"
    answer = sent(token, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "external_id_used")


def test_an_unknown_parameter_is_refused(token: str) -> None:
    asked = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/orders/?nope=1", headers=asked).status_code == 400


def test_the_list_pages_by_cursor_there_and_back(token: str) -> None:
    for number in range(5):
        data = body(external_id=f"H-{number}")
        data["patient"]["identifiers"][0]["value"] = str(number)
        assert sent(token, data).status_code == 201
    asked = {"Authorization": f"Bearer {token}"}

    def page(query: str) -> Any:
        return Client().get(f"/api/v1/orders/?limit=2{query}", headers=asked).json()

    first = page("")
    second = page(f"&cursor={first['next']}")
    third = page(f"&cursor={second['next']}")
    assert [one["external_id"] for one in first["results"]] == ["H-4", "H-3"]
    assert [one["external_id"] for one in second["results"]] == ["H-2", "H-1"]
    assert [one["external_id"] for one in third["results"]] == ["H-0"]
    assert third["next"] is None
    assert page(f"&prev={second['prev']}")["results"] == first["results"]


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    ("number", "check", "status"),
    [("G123498654321", "H", 201), ("G123498654312", "H", 422), ("G123498654321", "", 422)],
)
def test_a_donation_number_carries_its_check_character(
    token: str, number: str, check: str, status: int
) -> None:
    order = sent(token, body()).json()["number"]
    data: dict[str, Any] = {
        "donation_number": number,
        "collected_at": datetime.now(UTC).isoformat(),
        "bags": [{"volume_ml": "120.5"}, {}],
    }
    if check:
        data["check_character"] = check
    answer = Client().post(
        f"/api/v1/orders/{order}/collections/",
        json.dumps(data),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == status, answer.content
    assert Order.objects.get().state == ("collected" if status == 201 else "ordered")


@pytest.mark.requirement("SEC-03", "SEC-05")
@pytest.mark.skipif(not NAUGHTY.exists(), reason="the naughty strings are not on this machine")
def test_naughty_strings_are_stored_as_they_are_or_refused(token: str) -> None:
    for number, text in enumerate(json.loads(NAUGHTY.read_text())):
        data = deepcopy(body(external_id=f"N-{number}"))
        data["patient"]["identifiers"][0]["value"] = str(number)
        data["prescriber"]["name"] = text
        data["consent"]["reference"] = text
        answer = sent(token, data)
        assert answer.status_code in (201, 422), (number, answer.status_code)
        if answer.status_code == 201:
            stored = Order.objects.get(external_id=f"N-{number}")
            assert stored.prescriber_name == text.strip()
