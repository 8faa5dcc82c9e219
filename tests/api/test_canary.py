"""Who a patient is stands in no address, no log and no answer, but where somebody reveals it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from audit.models import FeedEvent, LedgerEntry, OutboxMessage
from batches.models import Order
from mes import logs
from tests.api.test_other_sites import JSON, addressed, people, samples
from tests.architecture.test_routes import routes
from tests.worlds.audit import client_token, person, site
from tests.worlds.batches import CANARIES
from tests.worlds.orders import browser_of

assert samples  # the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SEC-29", "SEC-31")]
ADDRESS = re.compile(r"""(?:href|src|action|hx-[a-z]+)="([^"]*)\"""")


class Heard(logging.Handler):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What production would log, from the least important on."""
    configured = logs.configure(as_json=True)
    how = configured["formatters"]["event"]
    handler = Heard()
    handler.setFormatter(
        how["()"](processors=how["processors"], foreign_pre_chain=how["foreign_pre_chain"])
    )
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)
    logs.configure(as_json=False)


def named(text: str) -> list[str]:
    return [word for word in CANARIES if word.casefold() in text.casefold()]


def test_no_route_says_who_the_patient_is(samples: dict[str, str], heard: list[str]) -> None:
    token = {"Authorization": f"Bearer {client_token(site('NORTH'), name='portal-north')[1]}"}
    visitors = [*people("house", None), ("token", Client(headers=token))]
    plain = [route for route in routes() if "<" not in route]
    wrong, reached = [], 0
    for address in [*plain, *(address for _, address in addressed(samples))]:
        for role, client in visitors:
            answer = client.get(address)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = content.decode(errors="replace")
            reached += answer.status_code == 200
            places = [answer.get("Location", ""), *ADDRESS.findall(text)]
            wrong += [f"{address} as {role}: {word}" for word in named(text)]
            wrong += [f"{address} leads to {place}" for place in places if named(place)]
    assert wrong == []
    assert reached > 100
    assert [line for line in heard if named(line)] == []


def test_nothing_that_leaves_or_stays_in_clear_says_it(samples: dict[str, str]) -> None:
    assert Order.objects.exists()
    kept = [
        *LedgerEntry.objects.values_list("entry", flat=True),
        *map(json.dumps, OutboxMessage.objects.values_list("payload", flat=True)),
        *map(json.dumps, FeedEvent.objects.values_list("payload", flat=True)),
    ]
    assert len(kept) > 20
    assert [text for text in kept if named(text)] == []


def test_revealing_says_it_to_the_screen_and_to_nobody_else(
    samples: dict[str, str], heard: list[str]
) -> None:
    number = samples["/orders/<str:number>"]
    client = browser_of(person("petra", "planner", at_site=site("NORTH")))
    answer = client.post(f"/orders/{number}/reveal/", {"reason": "The hospital asks by phone."})
    assert set(named(answer.content.decode())) == set(CANARIES)
    assert "no-store" in answer["Cache-Control"]
    assert [place for place in ADDRESS.findall(answer.content.decode()) if named(place)] == []
    assert [line for line in heard if named(line)] == []


def test_a_refused_order_says_it_to_no_log(heard: list[str]) -> None:
    token = client_token(site("NORTH"))[1]
    body = {"patient": {"family_name": CANARIES[0], "given_name": 7, CANARIES[1]: CANARIES[2]}}
    for sent in (json.dumps(body), json.dumps(body)[:-3], json.dumps({CANARIES[2]: CANARIES[0]})):
        answer = Client().post(
            "/api/v1/orders/",
            sent,
            content_type="application/json",
            headers={**JSON["headers"], "Authorization": f"Bearer {token}"},  # type: ignore[dict-item]
        )
        assert answer.status_code in (400, 422)
    assert heard
    assert [line for line in heard if named(line)] == []


def test_a_fault_of_ours_is_logged_without_the_values_it_quotes(heard: list[str]) -> None:
    with pytest.raises(Exception, match=CANARIES[0]) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [CANARIES[0]])
    logging.getLogger("onelot").error("unhandled", exc_info=caught.value)
    (line,) = heard
    told = json.loads(line)
    assert named(line) == []
    assert "InvalidTextRepresentation 22P02" in told["exception"]
    assert "test_canary.py" in told["exception"]


def test_a_name_with_a_line_break_is_one_line_and_no_password_is_logged(heard: list[str]) -> None:
    typed = {"username": 'eve\n{"event": "signed in as root"}', "password": CANARIES[0]}
    assert Client().post("/accounts/login/", typed).status_code == 200
    logging.getLogger("onelot").warning("said %s", typed["username"])
    assert heard
    for line in heard:
        assert "\n" not in line
        assert json.loads(line)["event"] != "signed in as root"
    assert [line for line in heard if named(line)] == []
