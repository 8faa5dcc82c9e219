"""The door of the live push: who asks, for what, and the stream that answers (ASGI)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import Error

from audit.edges import now
from mes.live import news
from mes.live.hub import MOST_LISTENERS, Client, Hub, Item, items_of, written
from mes.live.news import Listener

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

BEAT_S = 2.0
MOST_TOPICS = 60
TOPIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,79}")
PLACE = re.compile(r"\d{1,18}")
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
)
SENTENCES = {
    400: b"Name the topics to listen to.",
    401: b"Sign in first.",
    403: b"This stream is for our own pages.",
    405: b"A stream is only read.",
    503: b"No more listeners here now.",
}

_hubs: dict[int, Hub] = {}


def _hub() -> Hub:
    """Return the hub of this process (of this event loop, which is the same but in tests)."""
    loop = id(asyncio.get_running_loop())
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def stream(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one listener until they go, or may not listen any more."""
    headers = {name.lower(): value for name, value in scope.get("headers", ())}
    topics = topics_of(scope.get("query_string", b""))
    if scope.get("method", "GET") != "GET":
        return await _refuse(send, 405)
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        return await _refuse(send, 403)
    hub = _hub()
    try:
        listener = await hub.ask(news.listener_of, session_key_of(headers.get(b"cookie", b"")))
    except Error:
        return await _refuse(send, 503)
    if listener is None:
        return await _refuse(send, 401)
    if not topics:
        return await _refuse(send, 400)
    if len(hub.clients) >= MOST_LISTENERS:
        return await _refuse(send, 503)
    return await _serve(hub, listener, topics, place_of(headers), receive, send)


def topics_of(query: bytes) -> tuple[str, ...]:
    """Return the topics asked for; what is not a topic is left out."""
    asked = ",".join(parse_qs(query.decode("latin-1")).get("topics", []))
    plain = [topic for topic in asked.split(",") if TOPIC.fullmatch(topic)]
    return tuple(dict.fromkeys(plain))[:MOST_TOPICS]


def session_key_of(cookies: bytes) -> str:
    """Return the session key among the cookies, or nothing."""
    try:
        jar = SimpleCookie(cookies.decode("latin-1"))
    except CookieError:
        return ""
    found = jar.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


def place_of(headers: dict[bytes, bytes]) -> int | None:
    """Return the place from which a returning listener goes on, or None."""
    found = PLACE.fullmatch(headers.get(b"last-event-id", b"").decode("latin-1"))
    return int(found[0]) if found else None


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS[1:]]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": SENTENCES[status]})


async def _serve(
    hub: Hub,
    listener: Listener,
    topics: tuple[str, ...],
    place: int | None,
    receive: Receive,
    send: Send,
) -> None:
    client = Client(listener, topics)
    gone = asyncio.create_task(_wait_for_the_end(receive))
    try:
        # First listen, then ask for what was missed: what comes meanwhile waits in the queue.
        hub.join(client)
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await _chunk(send, b"retry: 1000\n\n" + _beat())
        sent = await _catch_up(hub, client, place, send)
        while not gone.done():
            item = await _next(client, gone)
            if item is None:
                break
            event_id, body = item
            if event_id not in sent:
                await _chunk(send, body)
        await send({"type": "http.response.body", "body": b""})
    except (OSError, Error):
        client.is_dropped = True
    finally:
        hub.leave(client)
        gone.cancel()


async def _catch_up(hub: Hub, client: Client, place: int | None, send: Send) -> set[int]:
    """Send what a returning listener missed; return the ids of the events that were sent."""
    if place is None:
        return set()
    place, found = await hub.ask(news.look, place, client.listener)
    for told in found:
        for _, body in items_of(told, client, place):
            await _chunk(send, body)
    return {told.id for told in found}


async def _next(client: Client, gone: asyncio.Task[None]) -> Item | None:
    """Return the next thing to send, a beat when nothing comes, or None at the end."""
    waiting = asyncio.create_task(client.queue.get())
    try:
        done, _ = await asyncio.wait(
            {waiting, gone}, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting in done:
            return waiting.result()
        return None if gone in done else (0, _beat())
    finally:
        waiting.cancel()


async def _wait_for_the_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _beat() -> bytes:
    return written("ping", int(now().timestamp() * 1000))


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
