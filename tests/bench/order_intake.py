"""Orders a second through HTTP, with all that an order takes, against a bare view that inserts a row.

Both run on a real uvicorn process of their own, on the same database, and are asked in turns by
the same number of clients with lasting connections.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import uuid4

from audit.edges import now
from tests.bench.served import Ask, rate, served
from tests.worlds.audit import client_token, site
from tests.worlds.recipes import THERAPY, effective_recipe

CLIENTS, ROUNDS = 6, 3


def run() -> Iterator[dict[str, Any]]:
    """Yield orders a second, beside rows a second of the bare view."""
    effective_recipe()
    token = client_token(site("NORTH"))[1]
    orders: list[float] = []
    rows: list[float] = []
    with served("tests.settings") as full, served("tests.bench.bare_settings") as bare:
        for number in range(ROUNDS + 1):
            found = rate(full, lambda: order(token), clients=CLIENTS)
            beside = rate(bare, row, clients=CLIENTS)
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


def order(token: str) -> Ask:
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
    return Ask("POST", "/api/v1/orders/", json.dumps(body).encode(), headers)


def row() -> Ask:
    """One new row."""
    return Ask("POST", "/rows/", json.dumps({"external_id": uuid4().hex}).encode(), {})
