"""The access log: every attempt to sign in, with who, when and where; searched and sorted."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from audit.models import AccessEvent, LedgerEntry
from tests.audit.test_ledger_browser import as_person, text_of
from tests.worlds.audit import PASSWORD, person

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("A11D-13")
def test_each_attempt_to_sign_in_is_a_row_with_who_when_and_where() -> None:
    person("quinn", "qa")
    door = Client(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Firefox"})
    for name, password in (
        ("quinn", "x"),
        ("Quinn", "y"),
        ("nobody\x07", "z"),
        ("quinn", PASSWORD),
    ):
        door.post("/accounts/login/", {"username": name, "password": password})
    rows = list(AccessEvent.objects.order_by("id").values_list("username", "outcome", "origin"))
    assert rows == [
        ("quinn", "failed", "192.0.2.7"),
        ("quinn", "failed", "192.0.2.7"),
        ("nobody�", "failed", "192.0.2.7"),
        ("quinn", "signed_in", "192.0.2.7"),
    ]
    assert AccessEvent.objects.filter(user__username="quinn").count() == 3
    door.post("/accounts/logout/")
    assert AccessEvent.objects.latest("id").outcome == "signed_out"
    assert not LedgerEntry.objects.filter(entry__contains=PASSWORD).exists()


@pytest.mark.requirement("A11D-13", "P11-30")
def test_the_lock_is_in_the_access_log_too() -> None:
    person("quinn", "qa")
    for _ in range(5):
        Client().post("/accounts/login/", {"username": "quinn", "password": "x"})
    outcomes = list(AccessEvent.objects.values_list("outcome", flat=True).order_by("id"))
    assert outcomes.count("failed") == 5
    assert outcomes.count("locked") == 1


@pytest.mark.requirement("A11D-13")
def test_the_access_log_is_only_ever_added_to() -> None:
    Client().post("/accounts/login/", {"username": "x", "password": "x"})
    for wrong in ("UPDATE audit_accessevent SET username = 'y'", "DELETE FROM audit_accessevent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(wrong)


@pytest.mark.requirement("A11D-13")
def test_the_access_log_is_searched_sorted_and_taken_along_by_admin_and_quality_only() -> None:
    for number, name in enumerate(("carla", "anna", "bert", "anna")):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(
            "/accounts/login/", {"username": name, "password": "x"}
        )
    client = as_person(person("adam", "admin"))

    def asked(query: str) -> list[str]:
        rows = csv.DictReader(io.StringIO(text_of(client.get(f"/access-log/?format=csv&{query}"))))
        return [row["user_id"] for row in rows if row["user_id"] != "adam"]

    assert asked("") == ["anna", "bert", "anna", "carla"]
    assert asked("order=oldest") == ["carla", "anna", "bert", "anna"]
    assert asked("order=person") == ["anna", "anna", "bert", "carla"]
    assert asked("person=AN") == ["anna", "anna"]
    assert asked("outcome=signed_in") == []
    assert asked("origin=192.0.2.2") == ["bert"]
    assert asked("from=2000-01-01&to=2000-01-02") == []
    assert asked("order=drop&from=x") == ["anna", "bert", "anna", "carla"]
    assert "nobody of that name" in text_of(client.get("/access-log/"))
    assert as_person(person("quinn", "qa")).get("/access-log/").status_code == 200
    for name, role in (("olivia", "operator"), ("paula", "qp"), ("petra", "planner")):
        assert as_person(person(name, role)).get("/access-log/").status_code == 403


@pytest.mark.parametrize("order", ["newest", "oldest", "person"])
def test_the_access_log_goes_on_page_by_page(order: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("audit.views.access.CSV_PAGE", 2)
    for name in "abcabca":
        Client().post("/accounts/login/", {"username": name, "password": "x"})
    client = as_person(person("adam", "admin"))
    rows = list(
        csv.DictReader(io.StringIO(text_of(client.get(f"/access-log/?format=csv&order={order}"))))
    )
    assert len(rows) == AccessEvent.objects.count() == 8
