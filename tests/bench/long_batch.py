"""A batch of a thousand steps beside one of fifty: what an operator and a reviewer wait for.

``step_screen``  the screen of a running step, 95th hundredth
``step_submit``  a value entered, and the step signed with a hash that costs nothing, 95th hundredth
``batch_review`` the review page, its sections counted and read when opened, median
``review_signatures`` what the page asks for once it is there: every signature checked, median

The baseline of each is the same on a batch of fifty steps: a ratio of one says that the length of
a batch does not matter.

``batch_review_whole`` has another baseline: all thousand steps read as objects with their values,
and put into a template, as a review page does that shows everything at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

from django.template.loader import render_to_string
from django.test import Client

from audit.edges import now
from batches import commands
from batches.models import Batch, Step
from mes.asgi import settle
from quality.queries import steps_shown
from tests.bench import signing
from tests.bench.signing import BACKEND, Signer
from tests.worlds.audit import act_by
from tests.worlds.batches import again, issued_batch, operator, received_order, step_of
from tests.worlds.quality import quality
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

LONG, SHORT = 1000, 50
# Steps left to measure on, and how often the pages are asked for.
LEFT, ASKED = 40, 60
IN_OPERATION = 250


def run() -> Iterator[dict[str, Any]]:
    """Yield the measurements."""
    short, long = _measured(SHORT), _measured(LONG)
    whole = long.pop("whole")
    yield {
        "name": "batch_review_whole",
        "value": round(long["batch_review"], 1),
        "unit": "ms",
        "baseline": round(whole, 1),
        "ratio": round(long["batch_review"] / whole, 3),
    }
    for name, value in long.items():
        yield {
            "name": name,
            "value": round(value, 1),
            "unit": "ms",
            "baseline": round(short[name], 1),
            "ratio": round(value / short[name], 2),
        }


def _measured(steps: int) -> dict[str, float]:
    user = operator(f"olivia-{steps}")
    one = Signer(user=user, client=Client(), number=steps, version=None)
    one.sign_in()
    batch = _performed(steps, user)
    settle()
    screens, submits = [], []
    for number in range(steps - LEFT, steps):
        here = step_of(batch, f"N{number:04}")
        page = f"/batches/{batch.number}/steps/{here.code}/"
        signing._open(here, user)
        screens += [_timed(partial(_got, one.client, page)) for _ in range(2)]
        submits.append(_timed(partial(_enter, one, here)))
        form = signing._form(one, step_of(batch, here.code))
        submits.append(_timed(partial(_post, one, *form)))
    desk = Client()
    desk.force_login(quality(), backend=BACKEND)
    review = f"/batches/{batch.number}/review/"
    reviews = [_timed(partial(_got, desk, review)) for _ in range(ASKED // 3)]
    checks = [_timed(partial(_got, desk, f"{review}signatures/")) for _ in range(ASKED // 6)]
    wholes = [_timed(partial(_whole, batch)) for _ in range(ASKED // 6)]
    return {
        "step_screen": _p95(screens),
        "step_submit": _p95(submits),
        "batch_review": median(reviews),
        "review_signatures": median(checks),
        "whole": median(wholes),
    }


def _performed(steps: int, user: Any) -> Batch:
    """Make a batch of so many steps, all but the last performed."""
    version = effective_recipe(drafted_version(**_long_document(steps)))
    batch = issued_batch(order=received_order(version=version), room=f"LONG-{steps}")
    at = now() - timedelta(seconds=1)
    commands.start_batch(batch_id=batch.pk, seen=batch.version, act=act_by(user, at=at))
    batch = again(batch)
    for code in ("S01", *(f"N{number:04}" for number in range(steps - LEFT))):
        here = signing._open(step_of(batch, code), user)
        entered = "0,1" if code == "S01" else "0"
        act = act_by(user, at=now())
        commands.enter_value(step_id=here.pk, seen=here.version, entered=entered, act=act)
        signing._signed(step_of(batch, code), user)
    return batch


def _long_document(steps: int) -> dict[str, Any]:
    """The small recipe with many steps after its first, in operations of two hundred and fifty."""
    document = plain_document()
    many = [
        step(f"N{number:04}", "confirm", f"Look at point {number}", checks=["It is clean"])
        for number in range(steps)
    ]
    operations = document["procedure"]["unit_procedures"][0]["operations"]
    first, rest = operations[0]["steps"][:1], operations[0]["steps"][1:]
    operations[0]["steps"] = first
    parts = [
        {
            "code": f"PART-{begin}",
            "title": f"Part {begin}",
            "steps": many[begin : begin + IN_OPERATION],
        }
        for begin in range(0, steps, IN_OPERATION)
    ]
    operations[1:1] = [*parts, {"code": "REST", "title": "Rest", "steps": rest}]
    return document


def _enter(one: Signer, here: Step) -> None:
    shown = step_of(here.batch, here.code)
    form = f"version={shown.version}&checks=0"
    _post(one, f"/batches/{here.batch.number}/steps/{here.code}/value/", form)


def _post(one: Signer, address: str, form: str) -> None:
    answer = one.client.post(address, form, content_type="application/x-www-form-urlencoded")
    if answer.status_code not in (302, 303):
        raise AssertionError(f"{answer.status_code}: {answer.content[:400]!r}")
    one.client.cookies.pop("messages", None)


def _whole(batch: Batch) -> None:
    """Show every step at once: what the baseline of a review does."""
    context = {"batch": batch, "steps": steps_shown(batch), "label": "All"}
    assert render_to_string("quality/_steps.html", context)


def _got(client: Client, page: str) -> None:
    if client.get(page).status_code != 200:
        raise AssertionError(page)


def _timed(ask: Callable[[], None]) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1e3


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
