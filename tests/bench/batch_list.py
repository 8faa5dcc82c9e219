"""A page of a hundred batches of a hundred thousand over HTTP, and the last page beside the first.

``batch_list``       pages a second, against a bare view in which PostgreSQL writes the JSON itself
``batch_list_last``  how long the last page takes, against the first
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from django.db import connection

from audit.models import Site
from batches.models import Batch
from tests.bench.served import Ask, rate, served
from tests.conftest import as_admin
from tests.worlds.audit import client_token
from tests.worlds.batches import issued_batch

CLIENTS, ROUNDS, ASKED = 8, 3, 30
BATCHES = 100_000
PAGE = "/api/v1/batches/?limit=100"
# Copies of one batch that was made by the application, with its order, its chain and its steps.
COPIES = """
SET session_replication_role = replica;
INSERT INTO supply_chainofidentity
  SELECT (jsonb_populate_record(c, jsonb_build_object('id', c.id + n, 'value', 'BENCH-' || n))).*
  FROM supply_chainofidentity c, generate_series(1, {many}) n WHERE c.id = {chain};
INSERT INTO batches_order
  SELECT (jsonb_populate_record(o, jsonb_build_object('id', o.id + n, 'number', 'BENCH-' || n,
    'external_id', 'BENCH-' || n, 'chain_id', {chain} + n, 'state', 'rejected'))).*
  FROM batches_order o, generate_series(1, {many}) n WHERE o.id = {order};
INSERT INTO batches_batch
  SELECT (jsonb_populate_record(b, jsonb_build_object('id', b.id + n, 'number', 'BENCH-' || n,
    'order_id', {order} + n, 'state', 'rejected', 'room_id', NULL, 'control_recipe', NULL))).*
  FROM batches_batch b, generate_series(1, {many}) n WHERE b.id = {batch};
INSERT INTO batches_step
  SELECT (jsonb_populate_record(s, jsonb_build_object(
    'id', (SELECT max(id) FROM batches_step) + (s.id - f.first) + n * f.many + 1,
    'batch_id', {batch} + n))).*
  FROM (SELECT min(id) AS first, count(*) AS many FROM batches_step WHERE batch_id = {batch}) f,
    batches_step s, generate_series(1, {many}) n WHERE s.batch_id = {batch};
SET session_replication_role = origin;
ANALYZE batches_step; ANALYZE batches_batch; ANALYZE batches_order; ANALYZE supply_chainofidentity;
"""


def run() -> Iterator[dict[str, Any]]:
    """Yield the two measurements."""
    batch = issued_batch()
    _copied(batch)
    token = client_token(Site.objects.get(pk=batch.site_id))[1]
    headers = {"Authorization": f"Bearer {token}"}
    ask = partial(Ask, "GET", headers=headers)
    with served("tests.settings") as full, served("tests.bench.bare_settings") as bare:
        pairs = [
            (
                rate(full, partial(ask, PAGE), clients=CLIENTS),
                rate(bare, partial(Ask, "GET", "/batches/"), clients=CLIENTS),
            )
            for _ in range(ROUNDS + 1)
        ][1:]  # the first round warms both
        first, last = _timed(full, headers, PAGE), _timed(full, headers, _last_page(batch))
    found, beside = (median(each) for each in zip(*pairs, strict=True))
    yield _line("batch_list", found, "pages/s", beside)
    yield _line("batch_list_last", last, "ms", first)


def _line(name: str, value: float, unit: str, baseline: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 2),
    }


def _copied(batch: Batch) -> None:
    """Fill the tables past the application: only how much there is to read counts here."""
    admin = as_admin(str(connection.settings_dict["NAME"]))
    with admin.cursor() as cursor:
        cursor.execute(
            COPIES.format(
                batch=batch.pk, order=batch.order_id, chain=batch.order.chain_id, many=BATCHES
            )
        )
    admin.close()


def _last_page(batch: Batch) -> str:
    """Return the address of the page before the oldest batches."""
    place = base64.urlsafe_b64encode(str(batch.pk + 101).encode()).decode().rstrip("=")
    return f"{PAGE}&cursor={place}"


def _timed(port: int, headers: dict[str, str], page: str) -> float:
    """Return the median time of a page in ms, asked one after the other."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        client.request("GET", page, headers=headers)
        answer = client.getresponse()
        told = json.loads(answer.read())
        times.append((time.perf_counter() - begun) * 1e3)
        assert len(told["results"]) == 100, told
    client.close()
    return median(times)
