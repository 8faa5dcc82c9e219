"""Batches over REST: those the site makes and those made for its orders, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.worlds.audit import client_token, site
from tests.worlds.batches import planned_batch, received_order, running_batch

pytestmark = pytest.mark.django_db


def asked(code: str, path: str, *scopes: str, **headers: str) -> Any:
    _, text = client_token(site(code), *scopes, name=f"portal-{code.lower()}-{len(scopes)}")
    return Client().get(path, headers={"Authorization": f"Bearer {text}", **headers})


def test_the_hospital_sees_the_batch_of_its_order_and_its_steps() -> None:
    batch = running_batch()
    page = asked("NORTH", "/api/v1/batches/").json()
    assert [one["number"] for one in page["results"]] == [batch.number]
    answer = asked("NORTH", f"/api/v1/batches/{batch.number}/")
    body = answer.json()
    assert (body["order"], body["state"]) == (batch.order.number, "in_progress")
    assert [step["state"] for step in body["steps"]] == ["ready", *["waiting"] * 10]
    again = asked("NORTH", f"/api/v1/batches/{batch.number}/", **{"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


@pytest.mark.requirement("P11-09")
def test_another_hospital_finds_nothing() -> None:
    batch = running_batch()
    assert asked("SOUTH", "/api/v1/batches/").json()["results"] == []
    assert asked("SOUTH", f"/api/v1/batches/{batch.number}/").status_code == 404
    assert asked("SOUTH", "/api/v1/batches/%00/").status_code == 404


def test_a_token_without_the_scope_is_refused() -> None:
    assert asked("NORTH", "/api/v1/batches/", "orders:read").status_code == 403


def test_states_filter_and_unknown_ones_are_refused() -> None:
    running_batch()
    waiting = planned_batch(order=received_order())
    page = asked("PLANT", "/api/v1/batches/?state=planned").json()
    assert [one["number"] for one in page["results"]] == [waiting.number]
    assert asked("PLANT", "/api/v1/batches/?state=nowhere").status_code == 422
    assert asked("PLANT", "/api/v1/batches/?nothing=1").status_code == 400
