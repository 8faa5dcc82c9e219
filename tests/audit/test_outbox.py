"""The outbox: promised with the fact, delivered once, and lost by no broker and no worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from audit.acts import Act, command, record
from audit.commands import enqueue, set_handlers
from audit.commands.couriers import Claim, claim_messages, deliver_message, wait_after
from audit.models import LedgerEntry, OutboxMessage, Site
from audit.tasks import sweep_outbox
from kernel.errors import Conflict, Invalid
from mes import wiring
from tests.conftest import NOON
from tests.worlds.audit import act_by, site


def rename(payload: Mapping[str, Any], act: Act) -> None:
    _rename(code=payload["site"], act=act)


@command
def _rename(*, code: str, act: Act) -> None:
    place = Site.objects.select_for_update().get(code=code)
    place.name = f"{place.name}!"
    place.save(update_fields=["name"])
    record(act, "rename", place)


def fail(payload: Mapping[str, Any], act: Act) -> None:
    _rename(code=payload["site"], act=act)
    raise ZeroDivisionError("Mrs. Example, born 1974")


def refuse(payload: Mapping[str, Any], act: Act) -> None:
    raise Conflict("The window is still open.")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    set_handlers({"rename": rename, "fail": fail, "refuse": refuse})
    with time_machine.travel(NOON + timedelta(seconds=1)):
        yield
    set_handlers(wiring.handlers())


def promised(kind: str, *, delay_s: int = 0) -> OutboxMessage:
    site()
    return enqueue(kind=kind, payload={"site": "PLANT"}, act=act_by(), delay_s=delay_s)


def name() -> str:
    return Site.objects.get(code="PLANT").name


@pytest.mark.django_db(transaction=True)
def test_a_message_is_delivered_once_however_often_it_is_swept() -> None:
    message = promised("rename")
    assert [sweep_outbox(), sweep_outbox()] == [1, 0]
    message.refresh_from_db()
    assert (name(), message.attempts, message.error) == ("Plant!", 1, "")
    assert LedgerEntry.objects.filter(verb="rename").count() == 1


@pytest.mark.django_db
def test_a_message_dies_with_the_fact_that_promised_it() -> None:
    @command
    def half(*, act: Act) -> None:
        enqueue(kind="rename", payload={}, act=act)
        raise Invalid("no")

    with pytest.raises(Invalid):
        half(act=act_by())
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_fails_leaves_nothing_and_is_asked_again_later() -> None:
    message = promised("fail")
    assert [sweep_outbox(), sweep_outbox()] == [0, 0]
    message.refresh_from_db()
    assert (name(), message.attempts, message.delivered_at) == ("Plant", 1, None)
    assert message.error.startswith("ZeroDivisionError in fail, line ")
    assert "Example" not in message.error
    set_handlers({"fail": rename})
    message.due_at = message.created_at
    message.save()
    assert sweep_outbox() == 1
    message.refresh_from_db()
    assert (name(), message.attempts, message.error) == ("Plant!", 2, "")


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_kept_in_its_own_words() -> None:
    message = promised("refuse")
    sweep_outbox()
    message.refresh_from_db()
    assert message.error == "Conflict: The window is still open."


@pytest.mark.django_db(transaction=True)
def test_one_message_that_fails_does_not_hold_up_the_others() -> None:
    promised("nobody.knows")
    promised("fail")
    promised("rename")
    assert sweep_outbox() == 1
    assert name() == "Plant!"
    unknown = OutboxMessage.objects.get(kind="nobody.knows")
    assert unknown.error.startswith("NoHandler")


@pytest.mark.django_db(transaction=True)
def test_what_is_not_due_waits() -> None:
    promised("rename", delay_s=3600 * 24 * 365 * 5)
    assert sweep_outbox() == 0


def test_waits_grow_to_an_hour() -> None:
    waits = [wait_after(attempt).total_seconds() for attempt in (1, 2, 3, 10, 12, 500)]
    assert waits == [2, 4, 8, 1024, 3600, 3600]


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_delivering_loses_nothing() -> None:
    message = promised("rename")
    now = message.due_at
    (claim,) = claim_messages(limit=5, act=act_by(at=now))
    assert claim_messages(limit=5, act=act_by(at=now)) == []
    (again,) = claim_messages(limit=5, act=act_by(at=now + timedelta(seconds=3)))
    assert again == Claim(message_id=message.pk, attempt=2)
    assert not deliver_message(claim=claim, act=act_by()), "who was slow has lost it"
    assert deliver_message(claim=again, act=act_by())
    assert name() == "Plant!"


@pytest.mark.django_db(transaction=True)
def test_four_sweepers_at_once_deliver_each_message_once() -> None:
    for _ in range(40):
        promised("rename")
    counts: list[int] = []

    def sweep() -> None:
        counts.append(sweep_outbox())
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep_outbox()
    renames = LedgerEntry.objects.filter(verb="rename").count()
    assert (renames, OutboxMessage.objects.filter(delivered_at=None).count()) == (40, 0)
    assert name() == "Plant" + "!" * 40
