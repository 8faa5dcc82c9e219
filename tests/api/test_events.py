"""The feed of events: every event once, in order, none skipped, and none of another site."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from audit.models import FeedEvent
from audit.queries import feed_after
from tests.worlds.audit import client_token, site
from tests.worlds.batches import running_batch


def asked(code: str, query: str = "", *scopes: str) -> Any:
    _, text = client_token(site(code), *scopes, name=f"feed-{code.lower()}-{len(scopes)}")
    path = f"/api/v1/events/{query}"
    return Client().get(path, headers={"Authorization": f"Bearer {text}"})


def all_of(code: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = asked(code, f"?limit={limit}&after={after}").json()
        found += page["results"]
        if not page["results"]:
            return found
        after = page["next"]


@pytest.mark.django_db(transaction=True)
def test_pages_of_any_size_tell_every_event_once_and_in_order() -> None:
    running_batch()
    # Other databases of the cluster may hold a transaction open; then the feed waits, too.
    assert len(seen_in_time(FeedEvent.objects.count())) == FeedEvent.objects.count()
    kinds = [event["kind"] for event in all_of("PLANT", 200)]
    made = [kind for kind in kinds if kind.startswith("batch.")]
    assert made[:3] == ["batch.planned", "batch.issued", "batch.started"]
    for limit in (1, 2, 7):
        assert [event["kind"] for event in all_of("PLANT", limit)] == kinds


@pytest.mark.requirement("P11-09")
@pytest.mark.django_db(transaction=True)
def test_another_site_hears_nothing() -> None:
    running_batch()
    assert FeedEvent.objects.count() >= 3
    assert all_of("SOUTH", 50) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?limit=0", 422), ("?limit=201", 422), ("?limit=x", 422), ("?after=x", 422),
        ("?after=1", 422), ("?after=1.-1", 422), ("?after=%00", 422), ("?after=٣.٣", 422),
        ("?after=999999999999999999.999999999999999999", 200), ("?what=1", 400),
    ],
)  # fmt: skip
def test_a_cursor_or_a_limit_that_is_not_ours_is_refused(query: str, status: int) -> None:
    assert asked("PLANT", query).status_code == status


@pytest.mark.requirement("P11-05")
@pytest.mark.django_db
def test_strangers_and_other_scopes_are_refused() -> None:
    assert Client().get("/api/v1/events/").status_code == 401
    assert asked("PLANT", "", "orders:read").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_reader_skips_nothing_while_others_write() -> None:
    """The slow writer takes its number first and commits last."""
    plant = site()
    begun, may_end = threading.Event(), threading.Event()

    def write(kind: str) -> None:
        FeedEvent.objects.create(
            txid=_txid(), at="2026-11-23T12:00:00Z", kind=kind, site=plant, subject="", payload={}
        )

    def slow() -> None:
        with transaction.atomic():
            write("slow")
            begun.set()
            may_end.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(10)
    with transaction.atomic():
        write("fast")
    seen = feed_after((0, 0), sites=None, limit=50)
    assert seen == [], "what could still come before it is waited for"
    may_end.set()
    thread.join()
    assert seen_in_time(2) == ["slow", "fast"]


def seen_in_time(count: int) -> list[str]:
    """What the feed shows, once no older transaction of the whole cluster is open any more."""
    for _ in range(300):
        kinds = [event.kind for event in feed_after((0, 0), sites=None, limit=200)]
        if len(kinds) >= count:
            break
        time.sleep(0.1)
    return kinds


def _txid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])
