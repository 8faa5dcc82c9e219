"""Signing over HTTP: the whole gesture beside the password hash, all but the hash, and the neighbors.

One signature is what a tablet asks of the server: a POST of user ID and password, the argon2
check, the command with its locks, the signature with its seal, the ledger, the history and the
feed, committed. Every step is started and its dialog shown beforehand, outside the time. The
servers are real uvicorn processes, the connections last, the database is the same for all.

``signing``         the 99th hundredth of one signer, interleaved with the hash alone
``signing_core``    the same with a hash that costs nothing, beside a bare row committed
``signing_rate``    signatures a second of eight signers on two servers, without the hash
``signing_beside``  a page of the product while eight people sign, beside the same page at rest
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from audit.commands.passwords import choose_password
from audit.edges import now
from audit.models import User
from audit.signing import Proof, digest_of
from batches import commands, queries
from batches.models import Step
from tests.bench.served import served
from tests.worlds.audit import PASSWORD, act_by, shown_in
from tests.worlds.batches import again, issued_batch, operator, received_order, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

SIGNERS, STEPS = 8, 60
WHOLE = 1000  # signatures for a 99th hundredth
BACKEND = "mes.sign_in.People"
ARGON = "audit.hashers.OwaspArgon2"
MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"
CSRF = "b" * 32
PAGE = "/batches/"
Form = tuple[str, str]


@dataclass
class Signer:
    """A person with a session of their own, and the dialogs that wait for their password."""

    user: User
    client: Client
    number: int
    version: Any
    batches: int = 0
    forms: list[Form] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        """Return what the browser of this person sends along."""
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"session={self.client.session.session_key}; csrf={CSRF}",
        }

    def sign_in(self) -> None:
        """Begin a session; the dialogs of an earlier one are worth nothing in it."""
        self.client.force_login(self.user, backend=BACKEND)
        self.forms.clear()

    def stock(self, count: int) -> None:
        """Have this many dialogs shown: steps of running batches that wait for a signature only."""
        while len(self.forms) < count:
            self.batches += 1
            room = f"BENCH-{self.number}-{self.batches}"
            batch = issued_batch(order=received_order(version=self.version), room=room)
            at = now() - timedelta(seconds=1)
            commands.start_batch(
                batch_id=batch.pk, seen=batch.version, act=act_by(self.user, at=at)
            )
            first = _open(step_of(again(batch), "S01"), self.user)
            act = act_by(self.user, at=now())
            commands.enter_value(step_id=first.pk, seen=first.version, entered="0,1", act=act)
            _signed(step_of(batch, "S01"), self.user)
            for number in range(STEPS):
                self.forms.append(_form(self, _open(step_of(batch, f"N{number:02}"), self.user)))


def run() -> Iterator[dict[str, Any]]:
    """Yield the four measurements."""
    signers = _signers()
    yield from _core_and_rate(signers)
    yield from _whole_and_beside(signers)


def _core_and_rate(signers: list[Signer]) -> Iterator[dict[str, Any]]:
    _stock(signers, WHOLE // SIGNERS + 80)
    with ExitStack() as house:
        ports = [house.enter_context(served("tests.settings")) for _ in range(2)]
        _warm(signers, ports)
        cores: list[float] = []
        rows: list[float] = []
        rates: list[float] = []
        wire = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=30)
        for number in range(WHOLE):
            cores.append(_timed(lambda one=signers[number % SIGNERS]: _sign(wire, one)))  # type: ignore[misc]
            rows.append(_timed(_row))
        wire.close()
        for _ in range(3):
            rates.append(_rate(signers, ports, each=20))
    yield _line("signing_core", _p99(cores), "ms", _p99(rows))
    yield {**_line("signing_rate", median(rates), "signatures/s", 400.0), "baseline_is": "the goal"}


def _whole_and_beside(signers: list[Signer]) -> Iterator[dict[str, Any]]:
    with override_settings(PASSWORD_HASHERS=[ARGON]):
        for one in signers:
            one.user.refresh_from_db()
            choose_password(user=one.user, password=PASSWORD, act=act_by(one.user))
            one.sign_in()
        _stock(signers, WHOLE // SIGNERS + 120)
        encoded = User.objects.get(pk=signers[0].user.pk).password
        with ExitStack() as house:
            port = house.enter_context(served("tests.bench.argon_settings"))
            _warm(signers, [port])
            wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            signed: list[float] = []
            hashed: list[float] = []
            for number in range(WHOLE):
                signed.append(_timed(lambda one=signers[number % SIGNERS]: _sign(wire, one)))  # type: ignore[misc]
                hashed.append(_timed(lambda: check_password(PASSWORD, encoded)))
            wire.close()
            at_rest = [_timed(lambda: _page(port, signers[0])) for _ in range(300)]
            beside = _beside(port, signers)
    yield _line("signing", _p99(signed), "ms", _p99(hashed))
    yield _line("signing_beside", _p99(beside), "ms", _p99(at_rest))


def _beside(port: int, signers: list[Signer]) -> list[float]:
    """Return how long a page takes while everybody signs."""
    is_over = False

    def work(one: Signer) -> None:
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while one.forms and not is_over:
            _sign(wire, one)
        wire.close()

    threads = [Thread(target=work, args=(one,)) for one in signers]
    for thread in threads:
        thread.start()
    try:
        return [_timed(lambda: _page(port, signers[0])) for _ in range(150)]
    finally:
        is_over = True
        for thread in threads:
            thread.join()


def _rate(signers: list[Signer], ports: list[int], each: int) -> float:
    """Return the signatures a second when all sign at once, spread over the servers."""
    together = Barrier(len(signers) + 1)

    def work(one: Signer, port: int) -> None:
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        wire.connect()
        together.wait()
        for _ in range(each):
            _sign(wire, one)
        wire.close()

    threads = [
        Thread(target=work, args=(one, ports[place % len(ports)]))
        for place, one in enumerate(signers)
    ]
    for thread in threads:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(signers) * each / (time.perf_counter() - began)


def _sign(wire: http.client.HTTPConnection, one: Signer) -> None:
    address, form = one.forms.pop()
    wire.request("POST", address, form, one.headers())
    answer = wire.getresponse()
    told = answer.read()
    if answer.status != 303:
        raise AssertionError(f"{answer.status}: {told[:600]!r}")


def _page(port: int, one: Signer) -> None:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    wire.request("GET", PAGE, headers=one.headers())
    answer = wire.getresponse()
    answer.read()
    wire.close()
    if answer.status != 200:
        raise AssertionError(f"{PAGE} answers {answer.status}")


def _row() -> None:
    """Commit one row without a guard: what the database asks of anybody."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_row (told) VALUES ('a row')")


def _stock(signers: list[Signer], count: int) -> None:
    for one in signers:
        one.stock(count)


def _warm(signers: list[Signer], ports: list[int]) -> None:
    for port in ports:
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for one in signers * 2:
            _sign(wire, one)
            _page(port, one)
        wire.close()


def _timed(ask: Callable[[], Any]) -> float:
    """Return how long it takes, in milliseconds."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _line(name: str, value: float, unit: str, baseline: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "baseline": round(baseline, 2),
        "ratio": round(value / baseline, 3),
    }


def _signers() -> list[Signer]:
    """Make eight people, each with batches of their own and sessions that last."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_row (id bigserial PRIMARY KEY, told text)")
    version = effective_recipe(drafted_version(**_wide_document()))
    made = []
    for number in range(SIGNERS):
        user = operator(f"olivia-{number}")
        made.append(Signer(user=user, client=Client(), number=number, version=version))
        made[-1].sign_in()
    return made


def _wide_document() -> dict[str, Any]:
    """The small recipe with many steps beside each other, so that all can be signed in any order."""
    document = plain_document()
    many = [
        step(f"N{number:02}", "confirm", f"Look at point {number}", after=["S01"])
        for number in range(STEPS)
    ]
    operations = document["procedure"]["unit_procedures"][0]["operations"]
    operations[0]["steps"] = [operations[0]["steps"][0], *many, *operations[0]["steps"][1:]]
    return document


def _open(one: Step, user: User) -> Step:
    commands.start_step(step_id=one.pk, seen=one.version, act=act_by(user, at=now()))
    return step_of(one.batch, one.code)


def _signed(one: Step, user: User) -> None:
    act = act_by(user, at=now())
    commands.sign_step(
        step_id=one.pk,
        seen=one.version,
        proof=Proof(user=act.by, at=act.at),
        seen_digest=digest_of(queries.step_statement(one)),
        act=act,
    )


def _form(one: Signer, opened: Step) -> Form:
    """Return the address and the filled dialog of a step's signature, as a browser sends it."""
    digest = digest_of(queries.step_statement(opened))
    filled = {
        "csrfmiddlewaretoken": CSRF,
        "version": opened.version,
        "digest": digest,
        "challenge": shown_in(one.client, opened, "performed", digest),
        "username": one.user.username,
        "password": PASSWORD,
    }
    return f"/batches/{opened.batch.number}/steps/{opened.code}/sign/", urlencode(filled)
