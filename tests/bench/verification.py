"""Verification of a whole ledger against bare SHA-256 over the same bytes, in the same run.

The baseline hashes texts that are in memory already. Ours starts at an open connection and ends
with the last finding: entries, links, warrants, records compared field by field, guards.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Any

from audit.acts import Act, command, record
from audit.commands import add_site
from audit.ledger import write_checkpoint
from audit.models import LedgerEntry, Site
from audit.verification import Verifier
from tests.worlds.audit import act_by

SITES, CHANGES, ROUNDS = 200, 100, 5


def run() -> Iterator[dict[str, Any]]:
    """Yield entries a second over a ledger of twenty thousand entries."""
    sites = [
        add_site(code=f"S-{number}", name="A site", kind="plant", act=act_by())
        for number in range(SITES)
    ]
    for number in range(CHANGES):
        _rename(sites=sites, name=f"A site, renamed {number} times", act=act_by())
    write_checkpoint(act=act_by())
    texts = [
        f"{previous}{entry}".encode()
        for previous, entry in LedgerEntry.objects.values_list("prev_hash", "entry")
    ]
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(len(texts) / _bare(texts))
        ours.append(len(texts) / _ours(len(texts)))
    value, baseline = median(ours), median(bare)
    yield {
        "name": "verification",
        "value": round(value),
        "unit": "entries/s",
        "baseline": round(baseline),
        "ratio": round(value / baseline, 3),
    }


@command
def _rename(*, sites: list[Site], name: str, act: Act) -> None:
    for site in sites:
        site.name = name
        site.save(update_fields=["name"])
        record(act, "rename", site, reason="to have something to verify")


def _bare(texts: list[bytes]) -> float:
    begun = perf_counter()
    for text in texts:
        sha256(text).hexdigest()
    return perf_counter() - begun


def _ours(count: int) -> float:
    begun = perf_counter()
    verifier = Verifier()
    found = list(verifier.findings())
    took = perf_counter() - begun
    if found or verifier.entries != count:
        raise AssertionError("a measurement of a broken ledger means nothing")
    return took
