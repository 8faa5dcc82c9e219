"""Signatures a second against the password hash alone, in the same run.

One signature is what a tablet asks of the server: a POST of user ID and password, the argon2
check, the command with its locks, the signature with its seal, the ledger, the history and the
feed, committed. Every step is started and filled beforehand and left out of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.hashers import check_password
from django.test import Client
from django.test.utils import override_settings

from audit.commands import set_password
from audit.edges import now
from audit.signing import Proof, digest_of
from batches import commands, queries
from batches.models import Batch, Step
from mes.asgi import settle
from tests.worlds.audit import PASSWORD, act_by, shown_in
from tests.worlds.batches import again, issued_batch, operator, received_order, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

SIGNATURES = 200
BATCHES = 4
ROUND = 10
BACKEND = "mes.sign_in.People"
FORM = "application/x-www-form-urlencoded"
HASHER = "audit.hashers.OwaspArgon2"


def run() -> Iterator[dict[str, Any]]:
    """Yield signatures a second through HTTP, and the hashes a second of the same password."""
    with override_settings(PASSWORD_HASHERS=[HASHER]):
        user = operator()
        set_password(user=user, password=PASSWORD, act=act_by())
        user.refresh_from_db()
        client = Client()
        client.force_login(user, backend=BACKEND)
        signed, hashed = [], []
        settle()
        for steps in _rounds():
            forms = [_form(client, one) for one in steps]
            started = perf_counter()
            for address, form in forms:
                answer = client.post(address, form, content_type=FORM)
                assert answer.status_code == 303, answer.content[:2000]
            signed.append(len(forms) / (perf_counter() - started))
            started = perf_counter()
            for _ in range(ROUND):
                assert check_password(PASSWORD, user.password)
            hashed.append(ROUND / (perf_counter() - started))
    value, baseline = median(signed), median(hashed)
    yield {
        "name": "signing",
        "value": round(value, 1),
        "unit": "signatures/s",
        "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 3),
    }


def wide_document() -> dict[str, Any]:
    """The small recipe with many steps beside each other, so that all can be signed in any order."""
    document = plain_document()
    many = [
        step(f"N{number:02}", "confirm", f"Look at point {number}", after=["S01"])
        for number in range(SIGNATURES // BATCHES)
    ]
    operations = document["procedure"]["unit_procedures"][0]["operations"]
    operations[0]["steps"] = [operations[0]["steps"][0], *many, *operations[0]["steps"][1:]]
    return document


def _rounds() -> Iterator[list[Step]]:
    """Yield steps that wait for their signature only, ten at a time, from several batches."""
    version = effective_recipe(drafted_version(**wide_document()))
    for number in range(BATCHES):
        order = received_order(version=version)
        batch = _started(issued_batch(order=order, room=f"BENCH-{number}"))
        first = _open(step_of(batch, "S01"))
        commands.enter_value(
            step_id=first.pk, seen=first.version, entered="0,1", act=act_by(operator(), at=now())
        )
        _signed(step_of(batch, "S01"))
        codes = list(
            batch.steps.filter(code__startswith="N").order_by("pk").values_list("code", flat=True)
        )
        for place in range(0, len(codes), ROUND):
            yield [_open(step_of(batch, code)) for code in codes[place : place + ROUND]]


def _started(batch: Batch) -> Batch:
    at = now() - timedelta(seconds=1)
    commands.start_batch(batch_id=batch.pk, seen=batch.version, act=act_by(operator(), at=at))
    return again(batch)


def _open(one: Step) -> Step:
    commands.start_step(step_id=one.pk, seen=one.version, act=act_by(operator(), at=now()))
    return step_of(one.batch, one.code)


def _signed(one: Step) -> None:
    act = act_by(operator(), at=now())
    commands.sign_step(
        step_id=one.pk,
        seen=one.version,
        proof=Proof(user=act.by, at=act.at),
        seen_digest=digest_of(queries.step_statement(one)),
        act=act,
    )


def _form(client: Client, one: Step) -> tuple[str, str]:
    """Return the address and the filled dialog of a step's signature, as a browser sends it."""
    digest = digest_of(queries.step_statement(one))
    filled = {
        "version": one.version,
        "digest": digest,
        "challenge": shown_in(client, one, "performed", digest),
        "username": "olivia",
        "password": PASSWORD,
    }
    return f"/batches/{one.batch.number}/steps/{one.code}/sign/", urlencode(filled)
