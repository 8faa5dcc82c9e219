"""The screen of a step that stays open: what it fetches when its batch changed, and its units."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from batches import commands, queries
from batches.models import Batch, Step
from tests.worlds.audit import act_by
from tests.worlds.batches import again, batch_at, operator, running_batch, step_of
from tests.worlds.monitoring import measured, room, sensor
from tests.worlds.orders import browser_of
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def page_of(client: Client, step: Step) -> str:
    return client.get(f"/batches/{step.batch.number}/steps/{step.code}/").content.decode()


def fetched(client: Client, page: str) -> str:
    """What a page gets that asks at its own live address, as it does when it is told of a change."""
    found = re.search(r'id="step-status"[^>]* data-live-url="([^"]+)"', page)
    assert found, "the page has no live status"
    answer = client.get(html.unescape(found[1]), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def held(batch: Batch) -> None:
    commands.hold_batch(
        batch_id=batch.pk, cause="person", reason="A leak", act=act_by(operator("oscar"))
    )


def resumed(batch: Batch) -> None:
    seen = again(batch).version
    commands.resume_batch(batch_id=batch.pk, seen=seen, reason="Repaired", act=act_by(quality()))


@pytest.mark.requirement("A11D-04")
def test_a_hold_takes_every_action_from_the_open_screen_and_going_on_gives_it_back() -> None:
    batch, step = batch_at("S03")
    client = browser_of(operator())
    page = page_of(client, step)
    assert ("Start S03" in page, "Put on hold" in page) == (True, True)
    held(batch)
    stopped = fetched(client, page)
    assert "On hold: Person" in stopped
    for region in (".op-inputs", "#step-hold", "#step-signing"):
        assert f'hx-swap-oob="innerHTML:{region}"' in stopped
    for action in ("Start S03", "Put on hold", "<form", "<button"):
        assert action not in stopped
    resumed(batch)
    going = fetched(client, stopped)
    assert "On hold" not in going
    assert "Start S03" in going
    assert going.count("data-open-dialog") == going.count("<dialog") == 1


def test_the_dialog_to_sign_goes_with_its_button() -> None:
    batch, step = batch_at("S11")
    step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    client = browser_of(operator())
    page = page_of(client, step)
    assert 'id="sign-step"' in page
    held(batch)
    stopped = fetched(client, page)
    assert "sign-step" not in stopped
    resumed(batch)
    assert 'id="sign-step"' in fetched(client, stopped)


def test_whoever_types_is_not_disturbed_by_what_is_not_theirs() -> None:
    _, step = batch_at("S06")
    client = browser_of(operator())
    page = page_of(client, step)
    beside = step_of(step.batch, "S07")
    commands.start_step(step_id=beside.pk, seen=beside.version, act=act_by(operator("oscar")))
    told = fetched(client, page)
    assert "hx-swap-oob" not in told
    assert "Somebody changed this step" not in told
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator("oscar")))
    told = fetched(client, page)
    assert "hx-swap-oob" not in told
    assert "Somebody changed this step" in told


@pytest.mark.parametrize("asked", ["", "?version=x", "?batch=no_state&version=9", "?batch=%00"])
def test_a_live_address_that_no_page_has_is_answered_all_the_same(asked: str) -> None:
    step = step_of(running_batch(), "S01")
    path = f"/batches/{step.batch.number}/steps/S01/status/{asked}"
    assert browser_of(operator()).get(path).status_code == 200


def test_units_read_as_people_write_them_on_step_review_and_chart() -> None:
    batch, step = batch_at("S08")
    place = room("ROOM-1")
    of = sensor(at_room=place)
    measured(of, [20.5])
    client: Any = browser_of(operator())
    page = page_of(client, step)
    assert "</span> °C" in page
    assert "Cel<" not in page
    chart = client.get(f"/sensors/{of.code}/readings.json").json()
    assert chart["unit"] == "°C"
    review = browser_of(quality()).get(f"/batches/{batch.number}/review/").content.decode()
    assert "Cel<" not in review
    assert re.search(r"\d °C<", client.get(f"/batches/{batch.number}/").content.decode())
    kept = next(one for one in queries.record_of(again(batch))["steps"] if one["code"] == "S07")
    assert [value["unit"] for value in kept["values"]] == ["Cel"]
