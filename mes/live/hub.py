"""The hub: asks for news while somebody listens, and hands them to every listener's queue."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

import structlog
from django.db import Error, connection

from mes.live import news
from mes.live.news import Listener, Shown, Told

log = structlog.get_logger()

PAUSE_S = 0.5
RECHECK_S = 5.0
QUEUE = 256
MOST_LISTENERS = 500

# The id of the feed event (0: none), and what goes over the wire.
Item = tuple[int, bytes]


@dataclass(eq=False, slots=True)
class Client:
    """One open stream: its topics, and what waits to be sent to it."""

    listener: Listener
    topics: tuple[str, ...]
    queue: asyncio.Queue[Item | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    is_dropped: bool = False

    def put(self, item: Item) -> None:
        """Give the client something to send; one that does not keep up is dropped."""
        if self.is_dropped:
            return
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """End the stream; the browser comes back and goes on after its last event."""
        self.is_dropped = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)

    def wants_readings(self) -> bool:
        """Say whether any topic is about readings."""
        return any(topic == "sensors" or topic.startswith("sensor:") for topic in self.topics)


def written(event: str, data: Any, place: int | None = None) -> bytes:
    """Return an event as it goes over the wire (WHATWG HTML, server-sent events)."""
    at = f"id: {place}\n" if place is not None else ""
    body = json.dumps(data, separators=(",", ":"))
    return f"{at}event: {event}\ndata: {body}\n\n".encode()


def items_of(told: Told, client: Client, place: int) -> list[Item]:
    """Return what a feed event is to a client: nothing, or one event for each topic it touches.

    Args:
        place: where the client goes on when it comes back.
    """
    if not client.listener.may_see(told.site_id):
        return []
    made: list[Item] = []
    is_alarm = told.kind == "alarm"
    touched = [topic for topic in client.topics if _is_about(topic, told, is_alarm)]
    for topic in touched:
        subject = told.subject if topic in ("feed", "alarms", "sensors") else topic
        data = {"subject": subject, "kind": told.kind}
        made.append((told.id, written("changed", data, place)))
    if is_alarm and touched:
        made.append((told.id, written("alarm", told.payload, place)))
    return made


def _is_about(topic: str, told: Told, is_alarm: bool) -> bool:
    if topic == "feed" or (is_alarm and topic in ("alarms", "sensors")):
        return True
    return told.subject != "" and told.subject in (topic, topic.partition(":")[2])


class Hub:
    """All listeners of one process, and the one thread that asks the database for them."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        self.task: asyncio.Task[None] | None = None
        self.place: int | None = None
        self.told: dict[int, int] = {}
        self.seen: dict[str, datetime] = {}
        self.checked = monotonic()

    async def ask(self, question: Any, *values: Any) -> Any:
        """Ask the database on the hub's own thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, _asked, question, *values)

    def join(self, client: Client) -> None:
        """Add a client; it is told everything from now on."""
        self.clients.add(client)
        if self.task is None:
            self.task = asyncio.create_task(self.run())

    def leave(self, client: Client) -> None:
        """Remove a client; without any, the asking ends."""
        self.clients.discard(client)

    async def run(self) -> None:
        """Ask for news until nobody listens any more."""
        self.place = None
        try:
            while self.clients:
                try:
                    await self.ask_once()
                except Error as error:
                    log.warning("live_waits_for_the_database", kind=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
        finally:
            # Nobody may wait at a hub that no longer asks: they come back to a new one.
            self.task = None
            for client in tuple(self.clients):
                client.drop()
        await self.ask(_rest)

    async def ask_once(self) -> None:
        """Ask for all that is new, and now and then whether the listeners may still listen."""
        await self.tell_feed()
        if any(client.wants_readings() for client in self.clients):
            self.tell_readings(await self.ask(news.newest_readings))
        if monotonic() - self.checked > RECHECK_S:
            self.checked = monotonic()
            await self.recheck()

    async def tell_feed(self) -> None:
        """Hand new feed events to the clients they are for: see Note [Live order]."""
        self.place, found = await self.ask(news.look, self.place)
        for told in found:
            if told.id in self.told:
                continue
            self.told[told.id] = told.txid
            for client in tuple(self.clients):
                for item in items_of(told, client, self.place):
                    client.put(item)
        self.told = {id_: txid for id_, txid in self.told.items() if txid >= self.place}

    def tell_readings(self, readings: list[Shown]) -> None:
        """Hand new readings to the clients who look at their sensors."""
        for one in readings:
            if self.seen.get(one.sensor) == one.at:
                continue
            self.seen[one.sensor] = one.at
            data = {
                "sensor": one.sensor,
                "at": one.at.isoformat(timespec="milliseconds"),
                "value": one.value,
                "quality": one.quality,
            }
            item = (0, written("reading", data))
            wanted = {"sensors", f"sensor:{one.sensor}"}
            for client in tuple(self.clients):
                if client.listener.may_see(one.site_id) and wanted.intersection(client.topics):
                    client.put(item)

    async def recheck(self) -> None:
        """End the streams of those whose session ended or whose rights changed."""
        there = await self.ask(news.still_there, [client.listener for client in self.clients])
        for client in tuple(self.clients):
            if client.listener not in there:
                client.drop()


def _rest() -> None:
    """Give the connection back; asked on the hub's thread, whose connection it is."""
    connection.close()


def _asked(question: Any, *values: Any) -> Any:
    try:
        return question(*values)
    except Error:
        connection.close()
        raise
