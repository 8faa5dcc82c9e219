"""The live push: the right news, to the right people, without losing any."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from audit.commands import deactivate_user
from audit.edges import now
from audit.models import User
from mes.accounts.sessions import ACTIVE, BEGAN
from mes.live import hub as hubs
from mes.live import stream
from mes.live.hub import Client, Hub, items_of
from mes.live.news import Listener, Told
from mes.live.stream import place_of, topics_of
from tests.worlds.audit import act_by, person, site
from tests.worlds.monitoring import measured, sensor

LISTENER = Listener(user_id=1, session_key="s", sites=frozenset({1}))


def signed_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "mes.sign_in.People"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[BEGAN] = session[ACTIVE] = int(now().timestamp())
    session.save()
    return str(session.session_key)


@dataclass
class Browser:
    """One EventSource: opens a stream, collects its events, and can go away."""

    session: str
    topics: str
    last_event_id: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    status: int = 0
    text: str = ""
    is_ended: bool = False

    def scope(self) -> dict[str, Any]:
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.session}".encode()
        sent = [(b"cookie", cookie), *self.headers]
        if self.last_event_id:
            sent.append((b"last-event-id", self.last_event_id.encode()))
        query = f"topics={self.topics}".encode()
        return {"type": "http", "method": "GET", "headers": sent, "query_string": query}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message.get("body", b"").decode()
            self.is_ended = not message.get("more_body", False)

    async def open(self) -> None:
        self.leaving = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await self.leaving.wait()
            return {"type": "http.disconnect"}

        self.task = asyncio.create_task(stream(self.scope(), receive, self.send))

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        for _ in range(int(seconds * 50)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"this did not come: {self.text}")

    async def close(self) -> None:
        self.leaving.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(self.task, 5)

    def events(self, name: str) -> list[Any]:
        found = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if lines.get("event") == name:
                found.append(json.loads(lines["data"]))
        return found

    def last_id(self) -> str:
        ids = [line[4:] for line in self.text.splitlines() if line.startswith("id: ")]
        return ids[-1] if ids else ""


def walk(story: Callable[[], Awaitable[None]]) -> None:
    """Run a story on a fresh loop, and leave no listener and no connection behind."""

    broken: list[dict[str, Any]] = []

    async def whole() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: broken.append(told))
        await story()
        for _ in range(100):
            if all(hub.task is None for hub in hubs_of_this_test()):
                break
            await asyncio.sleep(0.02)
        for hub in hubs_of_this_test():
            await hub.ask(connections.close_all)
            hub.thread.shutdown()
        await sync_to_async(connections.close_all)()

    asyncio.run(whole())
    gc.collect()
    assert broken == []


def hubs_of_this_test() -> list[Hub]:
    from mes.live.stream import _hubs

    return [_hubs[id(asyncio.get_running_loop())]] if _hubs else []


@pytest.fixture(autouse=True)
def fresh_hubs() -> None:
    from mes.live.stream import _hubs

    _hubs.clear()


@pytest.mark.django_db(transaction=True)
def test_a_page_sees_readings_and_alarms_of_its_sensor_within_two_seconds() -> None:
    heat = sensor()
    session = signed_in(person("olga", "operator", at_site=site()))

    async def story() -> None:
        browser = Browser(session, f"sensor:{heat.code},batch:B-1")
        await browser.open()
        await browser.until(lambda: "ping" in browser.text)
        await sync_to_async(measured)(heat, [20.5, 26.25])
        await browser.until(lambda: bool(browser.events("alarm")), seconds=2)
        await browser.until(lambda: bool(browser.events("reading")), seconds=2)
        assert browser.status == 200
        reading = browser.events("reading")[-1]
        assert (reading["sensor"], reading["value"], reading["quality"]) == (
            heat.code, "26.25", "good",
        )  # fmt: skip
        [alarm] = browser.events("alarm")
        assert (alarm["sensor"], alarm["move"], alarm["severity"]) == (
            heat.code, "raised", "critical",
        )  # fmt: skip
        assert browser.events("changed") == [{"subject": f"sensor:{heat.code}", "kind": "alarm"}]
        await browser.close()

    walk(story)


@pytest.mark.django_db(transaction=True)
def test_a_stranger_is_refused_and_so_is_a_person_without_any_role() -> None:
    nobody = signed_in(person("noah"))
    gone = person("gina", "operator", at_site=site())
    session_of_gone = signed_in(gone)
    deactivate_user(user=gone, act=act_by())

    async def story() -> None:
        for session in ("", "made-up", nobody, session_of_gone):
            browser = Browser(session, "sensors")
            await browser.open()
            await asyncio.wait_for(browser.task, 5)
            assert browser.status == 401

    walk(story)


@pytest.mark.django_db(transaction=True)
def test_another_site_sees_nothing() -> None:
    heat = sensor()
    north = person("nina", "operator", at_site=site("NORTH"))
    session = signed_in(north)

    async def story() -> None:
        browser = Browser(session, f"sensor:{heat.code},sensors,alarms,feed")
        await browser.open()
        await browser.until(lambda: "ping" in browser.text)
        await sync_to_async(measured)(heat, [26.0])
        await asyncio.sleep(1.5)
        assert (browser.events("reading"), browser.events("alarm")) == ([], [])
        assert browser.events("changed") == []
        await browser.close()

    walk(story)


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_comes_back_misses_nothing() -> None:
    heat = sensor()
    session = signed_in(person("olga", "operator", at_site=site()))

    async def story() -> None:
        first = Browser(session, "alarms")
        await first.open()
        await first.until(lambda: "ping" in first.text)
        await sync_to_async(measured)(heat, [26.0])
        await first.until(lambda: len(first.events("alarm")) == 1)
        await first.close()
        await sync_to_async(measured)(heat, [20.0, 26.0], start=1)
        second = Browser(session, "alarms", last_event_id=first.last_id())
        await second.open()
        await second.until(lambda: len(heard(first, second)) == 3)
        await sync_to_async(measured)(heat, [20.0], start=3)
        await second.until(lambda: len(heard(first, second)) == 4)
        assert [move for _, move in heard(first, second)] == [
            "raised", "cleared", "raised", "cleared",
        ]  # fmt: skip
        await second.close()

    walk(story)


def heard(*browsers: Browser) -> list[tuple[int, str]]:
    """Return the moves of alarms that the browsers heard, each once."""
    moves = [(a["alarm"], a["move"]) for browser in browsers for a in browser.events("alarm")]
    return list(dict.fromkeys(moves))


@pytest.mark.django_db(transaction=True)
def test_a_stream_ends_when_its_session_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "RECHECK_S", 0.1)
    session = signed_in(person("olga", "operator", at_site=site()))

    async def story() -> None:
        browser = Browser(session, "sensors")
        await browser.open()
        await browser.until(lambda: "ping" in browser.text)
        await sync_to_async(SessionStore(session).delete)()
        await browser.until(lambda: browser.is_ended)

    walk(story)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("topics", "header", "status"),
    [
        ("", None, 400),
        ("<script>", None, 400),
        ("sensors", (b"sec-fetch-site", b"cross-site"), 403),
    ],
)
def test_a_stream_without_topics_or_for_another_page_is_refused(
    topics: str, header: tuple[bytes, bytes] | None, status: int
) -> None:
    session = signed_in(person("olga", "operator", at_site=site()))

    async def story() -> None:
        browser = Browser(session, topics, headers=[header] if header else [])
        await browser.open()
        await asyncio.wait_for(browser.task, 5)
        assert browser.status == status

    walk(story)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_listeners_share_one_connection() -> None:
    heat = sensor()
    session = signed_in(person("olga", "operator", at_site=site()))

    async def story() -> None:
        browsers = [Browser(session, f"sensor:{heat.code}") for _ in range(100)]
        for browser in browsers:
            await browser.open()
        for browser in browsers:
            await browser.until(lambda b=browser: "ping" in b.text)  # type: ignore[misc]
        await sync_to_async(measured)(heat, [20.0])
        for browser in browsers:
            await browser.until(lambda b=browser: bool(b.events("reading")))  # type: ignore[misc]
        assert await sync_to_async(connections_open)() <= 3
        for browser in browsers:
            await browser.close()

    walk(story)


def connections_open() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user"
        )
        return int(cursor.fetchone()[0])


def test_a_slow_listener_is_dropped_and_holds_up_nobody() -> None:
    async def story() -> None:
        slow = Client(LISTENER, ("sensors",))
        for number in range(hubs.QUEUE + 10):
            slow.put((None, str(number).encode()))
        assert slow.is_dropped
        assert await slow.queue.get() is None

    asyncio.run(story())


def told(subject: str = "B-1", kind: str = "batch_started", site_id: int | None = 1) -> Told:
    return Told(id=7, txid=5, site_id=site_id, kind=kind, subject=subject, payload={})


@pytest.mark.parametrize(
    ("topic", "event", "heard"),
    [
        ("batch:B-1", told(), True),
        ("B-1", told(), True),
        ("feed", told(), True),
        ("batch:B-2", told(), False),
        ("batch:B-1", told(site_id=2), False),
        ("batch:B-1", told(site_id=None), False),
        ("alarms", told(), False),
        ("alarms", told(kind="alarm"), True),
        ("batch:", told(subject=""), False),
    ],
)
def test_a_topic_hears_what_it_names_and_nothing_else(topic: str, event: Told, heard: bool) -> None:
    async def story() -> None:
        assert bool(items_of(event, Client(LISTENER, (topic,)), 9)) is heard

    asyncio.run(story())


def test_what_is_no_topic_is_left_out() -> None:
    assert topics_of(b"topics=batch:B-1,<x>,,sensor:R-1,batch:B-1") == ("batch:B-1", "sensor:R-1")
    assert topics_of(b"topics=" + b",".join(b"t%d" % n for n in range(500)))[59] == "t59"
    assert len(topics_of(b"topics=" + b",".join(b"t%d" % n for n in range(500)))) == 60


@pytest.mark.parametrize("sent", [b"", b"x", b"-1", b"1 OR 1", b"9" * 30])
def test_a_made_up_place_is_no_place(sent: bytes) -> None:
    assert place_of({b"last-event-id": sent}) is None
