"""The audit trail of a batch: what belongs to it, what a reviewer must see, and what reopens it.

Note [Reopened]: a review of the trail covers the streams of the batch and of its chain of identity
up to the numbers it signed. Whatever is recorded later reopens it, unless it is a decision that
comes after: a review, a disposition, the settling of an exception, the closing of a deviation.
Nothing is stored for that; it is asked anew each time.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from audit.models import LedgerEntry
from audit.queries import LATE_AFTER, PLAYED, critical_entries, signatures_of
from quality.models import BatchException, Deviation, Disposition, Review

# A copy of what is there changes nothing of it.
COPIED = "batches.CertifiedCopy"
# Who decides looks and says: the record of what was made stays what it was.
LOOKED_AT = Q(subject_type=BatchException._meta.label, verb__in=("open", "accept", "settle"))
TAKEN_IN = Q(subject_type="batches.Batch", verb="open_review")
CLOSED = Q(subject_type=Deviation._meta.label, verb="close")
DECIDED = Q(subject_type__in=(Review._meta.label, Disposition._meta.label, COPIED))
# Refused, or only read: it changed nothing.
SILENT = ("refused", "reveal")
KINDS: dict[str, tuple[str, Q]] = {
    "corrections": ("Corrections", Q(verb="correct")),
    "late": ("Late entries", Q(pk__in=())),
    "refusals": ("Refusals", Q(verb__in=("refused", "refuse"))),
    "holds": ("Holds", Q(verb="place_hold")),
    "exceptions": ("Exceptions", Q(verb="raise_exception")),
    "deviations": ("Deviations", Q(subject_type=Deviation._meta.label, verb="open")),
    "signatures": ("Signatures", Q(verb="sign")),
}


def streams_of(batch: Any) -> tuple[str, str]:
    """Return the streams of the ledger that a batch's trail is: its own, and of its identity."""
    return batch.stream(), batch.order.chain.stream()


def trail_of(batch: Any) -> QuerySet[LedgerEntry]:
    """Return the audit trail of a batch, newest first."""
    found = LedgerEntry.objects.filter(stream__in=streams_of(batch))
    return found.order_by("-recorded_at", "-id")


def late_entries(batch: Any) -> list[int]:
    """Return the ids of the entries that were recorded long after what they tell was done."""
    rows = trail_of(batch).values_list("pk", "entry", "recorded_at")
    return [pk for pk, text, at in rows.iterator(500) if _is_late(text, at)]


def _is_late(text: str, recorded_at: datetime) -> bool:
    try:
        body = json.loads(text)
        done_at = datetime.fromisoformat(body["at"])
    except (ValueError, KeyError, TypeError):
        # Verification names what is no entry of ours; here it must be seen.
        return True
    return body.get("origin") != PLAYED and recorded_at - done_at > LATE_AFTER


def trail_counts(batch: Any, late: list[int]) -> list[dict[str, Any]]:
    """Return how much there is of each kind that a reviewer looks for."""
    trail = trail_of(batch)
    counts = {name: trail.filter(kind).count() for name, (_, kind) in KINDS.items()}
    counts["late"] = len(late)
    counted = [{"label": KINDS[name][0], "count": count} for name, count in counts.items()]
    critical = trail.filter(critical_entries() | Q(pk__in=late)).count()
    return [
        {"label": "Entries", "count": trail.count()},
        {"label": "Critical", "count": critical},
        *counted,
    ]


def reopening_entries(batch: Any, review: Review) -> QuerySet[LedgerEntry]:
    """Return what was recorded after a review of the trail and is no later decision."""
    stream, chain = streams_of(batch)
    signature = signatures_of(review).first()
    # Without its signature a review covers nothing.
    covered = {} if signature is None else signature.statement
    seen, seen_of_chain = (covered.get(name, 0) for name in ("ledger_entries", "chain_entries"))
    later = LedgerEntry.objects.filter(
        Q(stream=stream, seq__gt=seen) | Q(stream=chain, seq__gt=seen_of_chain)
    )
    decisions = list(later.filter(DECIDED | CLOSED).values_list("act", flat=True).distinct())
    return (
        later.exclude(act__in=decisions)
        .exclude(LOOKED_AT | TAKEN_IN | Q(verb__in=SILENT))
        .order_by("-recorded_at", "-id")
    )
