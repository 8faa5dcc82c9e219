"""Changeovers: how long a room stood between two batches, and where a scan leads."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from batches import commands
from batches.models import Batch
from batches.queries import changeovers_of
from batches.rules.changeovers import Made, changeovers_between, median_of
from supply.models import Equipment
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import ROOM, again, operator, running_batch, step_of
from tests.worlds.recipes import quality


def hour(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def made(number: str, began: float, ended: float | None, therapy: str = "A") -> Made:
    end = None if ended is None else hour(ended)
    return Made(number=number, therapy=therapy, began_at=hour(began), ended_at=end)


def test_a_changeover_is_from_the_end_of_one_batch_to_the_beginning_of_the_next() -> None:
    found = changeovers_between([made("C", 9, None, "B"), made("A", 0, 2), made("B", 3, 5)])
    assert [
        (one.before.number, one.after.number, one.lasted, one.is_other_therapy) for one in found
    ] == [("B", "C", timedelta(hours=4), True), ("A", "B", timedelta(hours=1), False)]
    assert median_of(found) == timedelta(hours=2, minutes=30)
    assert median_of(found[:1]) == timedelta(hours=4)


def test_without_two_batches_there_is_no_changeover_and_no_median() -> None:
    assert changeovers_between([made("A", 0, 2)]) == []
    assert changeovers_between([made("A", 0, None), made("B", 3, None)]) == []
    assert median_of([]) is None


def two_batches() -> tuple[Batch, Batch]:
    """One aborted an hour after noon, the next started at three; its first step at half past."""
    first = running_batch()
    commands.abort_batch(
        batch_id=first.pk, seen=first.version, reason="Power failed",
        act=act_by(quality(), at=hour(1)),
    )  # fmt: skip
    second = running_batch(at=hour(3))
    step = step_of(second, "S01")
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator(), at=hour(3.5)))
    return again(first), again(second)


@pytest.mark.django_db
def test_the_page_of_a_room_shows_its_changeovers_to_those_who_work_there() -> None:
    first, second = two_batches()
    [found] = changeovers_of(Equipment.objects.get(code=ROOM).pk)
    assert (found.before.number, found.after.number) == (first.number, second.number)
    assert found.lasted == timedelta(hours=2, minutes=30)
    client = Client()
    client.force_login(operator(), backend="mes.sign_in.People")
    at = f"/equipment/{ROOM}/changeovers/"
    assert "2 h 30 min" in client.get(at).content.decode()
    assert at in client.get(f"/equipment/{ROOM}/").content.decode()
    lines = b"".join(client.get(f"{at}?format=csv")).decode().splitlines()
    assert lines[1].split(",")[-1] == '"150"'
    assert client.get("/equipment/NONE/changeovers/").status_code == 404
    stranger = person("nora", "operator", at_site=site("NORTH"))
    client.force_login(stranger, backend="mes.sign_in.People")
    assert client.get(at).status_code == 404


@pytest.mark.django_db
def test_a_scan_on_my_work_opens_a_unit_that_stands_where_its_reader_works() -> None:
    running_batch()
    client = Client()
    client.force_login(operator(), backend="mes.sign_in.People")
    assert client.post("/work/scan/", {"code": "BAL-1"}).headers["Location"] == "/equipment/BAL-1/"
    assert client.post("/work/scan/", {"code": "BAL-9"}).headers["Location"] == "/"
    stranger = person("nora", "operator", at_site=site("NORTH"))
    client.force_login(stranger, backend="mes.sign_in.People")
    assert client.post("/work/scan/", {"code": "BAL-1"}).headers["Location"] == "/"
