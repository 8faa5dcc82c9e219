"""Reads of deviations: of a batch and its chain of identity, by number, and what ran beside."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from audit.models import User
from audit.permissions import sites_of
from audit.queries import entries_in
from batches.queries import batches_seen
from kernel.errors import NotFound
from quality.models import Deviation

MOST_RELATED = 50
# Where a value of a batch says which lot or equipment was used: the key of its id, and its word.
USED = {"lot_id": "lot", "equipment_id": "equipment"}


def deviations_of(batch: Any) -> QuerySet[Deviation]:
    """Return the deviations of a batch, and those of its chain of identity before the batch."""
    return Deviation.objects.filter(
        Q(batch=batch) | Q(batch=None, in_stream=batch.order.chain.stream())
    ).select_related("reported_by", "closed_by", "site", "batch")


def deviations_seen(user: User) -> QuerySet[Deviation]:
    """Return the deviations of the sites where this person works, newest first."""
    sites = sites_of(user)
    found = Deviation.objects.select_related("batch", "site", "reported_by", "closed_by")
    return found if sites is None else found.filter(site_id__in=sites)


def deviation_numbered(number: str, user: User) -> Deviation:
    """Return the deviation of that number, if this person works at its site.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    known = deviations_seen(user).filter(number=number) if number.isprintable() else None
    found = None if known is None else known.first()
    if found is None:
        raise NotFound(f"There is no deviation {number[:24]!a}.")
    return found


def batch_of_chain(chain_id: int) -> Any:
    """Return the batch of a chain of identity, or None before there is one."""
    return batches_seen(None).filter(order__chain_id=chain_id).first()


def batch_of(deviation: Deviation) -> Any:
    """Return the batch a deviation is about, also one planned after the deviation, or None."""
    if deviation.batch_id is not None:
        return deviation.batch
    kind, _, chain_id = deviation.in_stream.partition(":")
    return batch_of_chain(int(chain_id)) if kind == "coi" and chain_id.isdigit() else None


LIFE = {
    "open": "Reported",
    "classify": "Classified",
    "investigate": "Cause recorded",
    "assess": "Impact and decision recorded",
    "return": "Returned to the investigation",
    "close": "Closed",
    "reopen": "Opened again",
}


def life_of(deviation: Deviation) -> list[dict[str, Any]]:
    """Return what happened to a deviation, from the ledger: who did what, when and why."""
    rows = entries_in(deviation.in_stream).filter(
        subject_type=Deviation._meta.label, subject_id=str(deviation.pk)
    )
    entries = [json.loads(row.entry) for row in rows]
    return [
        {
            "verb": entry["verb"],
            "words": LIFE.get(entry["verb"], entry["verb"]),
            "by": entry["by"]["name"],
            "at": datetime.fromisoformat(entry["at"]),
            "reason": entry["reason"],
            "state": entry["after"].get("state", ""),
        }
        for entry in entries
    ]


def related_batches(deviation: Deviation) -> list[dict[str, Any]]:
    """Return the other batches to think of when the impact is assessed (21 CFR 211.192).

    Those made in the same room while this batch was made, and those that used the same lots or
    the same equipment; each with the reason it is named.
    """
    batch = batch_of(deviation)
    if batch is None:
        return []
    others = batches_seen(None).exclude(pk=batch.pk).filter(site_id=batch.site_id)
    found: dict[int, dict[str, Any]] = {}
    for other in _beside(batch, others)[:MOST_RELATED]:
        _name(found, other, f"same room {batch.room.code}")
    for key, word in USED.items():
        codes = _used_in(batch, key, word)
        if not codes:
            continue
        users = others.filter(**{f"steps__values__details__{key}__in": list(codes)})
        pairs = users.values_list("pk", f"steps__values__details__{key}").distinct()
        by_id = others.in_bulk([pk for pk, _ in pairs[:MOST_RELATED]])
        for pk, code in pairs[:MOST_RELATED]:
            _name(found, by_id[pk], f"same {word} {codes[code]}")
    lots = dict(batch.weighings.values_list("lot_id", "lot__number"))
    weighed = others.filter(weighings__lot_id__in=list(lots)).annotate(lot=F("weighings__lot_id"))
    for other in weighed.distinct()[:MOST_RELATED]:
        _name(found, other, f"same lot {lots[other.lot]}")
    return list(found.values())[:MOST_RELATED]


def _beside(batch: Any, others: Any) -> Any:
    """Return the batches whose making, in the same room, touched the making of this one."""
    if batch.room_id is None or batch.started_at is None:
        return others.none()
    beside = others.filter(room_id=batch.room_id, started_at__isnull=False)
    if batch.completed_at is not None:
        beside = beside.filter(started_at__lte=batch.completed_at)
    # One that never ended is taken as still running.
    return beside.filter(Q(completed_at=None) | Q(completed_at__gte=batch.started_at))


def _used_in(batch: Any, key: str, word: str) -> dict[int, str]:
    """Return what was used in a batch: the ids under ``key``, with the code that is read."""
    details = batch.steps.values_list("values__details", flat=True)
    return {one[key]: one.get(word, "") for one in details if one and key in one}


def _name(found: dict[int, dict[str, Any]], other: Any, why: str) -> None:
    known = found.setdefault(other.pk, {"batch": other, "why": []})
    if why not in known["why"]:
        known["why"].append(why)
