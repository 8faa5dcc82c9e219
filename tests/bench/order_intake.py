"""Orders a second through HTTP, with all that an order takes, against a bare view that inserts a row.

Both run on a real uvicorn process of their own, on the same database, and are asked in turns by
the same number of clients with lasting connections.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from threading import Thread
from typing import Any
from uuid import uuid4

from audit.edges import now
from tests.bench.served import served
from tests.worlds.audit import client_token, site
from tests.worlds.recipes import THERAPY, effective_recipe

CLIENTS, SECONDS, ROUNDS = 6, 3.0, 3


def run() -> Iterator[dict[str, Any]]:
    """Yield orders a second, beside rows a second of the bare view."""
    effective_recipe()
    token = client_token(site("NORTH"))[1]
    orders: list[float] = []
    rows: list[float] = []
    with served("tests.settings") as full, served("tests.bench.bare_settings") as bare:
        for number in range(ROUNDS + 1):
            found = rate(full, lambda: order(token))
            beside = rate(bare, row)
            if number:  # the first round warms both
                orders.append(found)
                rows.append(beside)
    value, baseline = median(orders), median(rows)
    yield {
        "name": "order_intake",
        "value": round(value, 1),
        "unit": "orders/s",
        "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 3),
    }


def order(token: str) -> tuple[str, bytes, dict[str, str]]:
    """One new order of a new patient."""
    at, name = now(), uuid4().hex
    body = {
        "external_id": name,
        "therapy": THERAPY,
        "site": "NORTH",
        "patient": {
            "identifiers": [{"system": "urn:oid:1.2.3", "value": name}],
            "family_name": "Bench",
            "given_name": "Bo",
            "birth_date": "1974-12-25",
            "sex": "other",
            "weight_kg": "82.5",
            "height_cm": "178",
        },
        "collection": {"planned_at": (at + timedelta(days=3)).isoformat()},
        "administration_window": {
            "from": str((at + timedelta(days=40)).date()),
            "to": str((at + timedelta(days=47)).date()),
        },
        "prescriber": {"identifier": "PR-1", "name": "Dr. Bench"},
        "consent": {"reference": "C-1", "signed_at": (at - timedelta(days=2)).isoformat()},
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    return "/api/v1/orders/", json.dumps(body).encode(), headers


def row() -> tuple[str, bytes, dict[str, str]]:
    """One new row."""
    return "/rows/", json.dumps({"external_id": uuid4().hex}).encode(), {}


def rate(port: int, make: Callable[[], tuple[str, bytes, dict[str, str]]]) -> float:
    """Return how many requests a second are answered 201."""
    counts = [0] * CLIENTS
    end = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < end:
            path, body, headers = make()
            client.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = client.getresponse()
            told = answer.read()
            assert answer.status == 201, (answer.status, told[:300])
            counts[place] += 1
        client.close()

    threads = [Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)
