"""The batch record: what every floor knows of one batch, joined into one document.

Note [Two digests]: ``content_digest`` covers ``record``, what was done and decided; it is sealed
into the ledger at the disposition and printed on every page. ``digest`` covers all of the document
but itself, the proof (ledger, checkpoint) and the drawn charts included, and is the same in JSON
and PDF. Neither holds the time of asking: the same state of a batch gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

from audit.models import Checkpoint, LedgerEntry
from audit.queries import entries_in, judged, signatures_in
from batches.models import Batch
from batches.queries import copies_of, plain_copy, record_of
from batches.reports.batch_record import pdf_of
from batches.rules.copies import Original
from kernel.canonical import EMPTY_HASH, canonical, digest, plain
from monitoring.models import Watch
from monitoring.queries import limits_from, sensor_summaries, watches_of
from monitoring.reports.charts import chart_of
from monitoring.rules.intake import exact
from quality.queries import section_for_record
from supply.queries import collections_of, custody_of, plain_custody

FORMAT = "onelot batch record 1"
SEAL = "seal_record"


def record_document(batch: Batch) -> dict[str, Any]:
    """Return the whole record of a batch in plain JSON values, with its proof and its digests."""
    content = content_of(batch)
    entries = list(entries_in(batch.stream()))
    document = {
        "format": FORMAT,
        "record": content,
        "content_digest": digest(content),
        "seal": seal_in(entries),
        "ledger": {
            "stream": batch.stream(),
            "entries": [plain_entry(entry) for entry in entries],
        },
        "checkpoint": checkpoint_over(entries),
        "signature_states": signature_states(batch),
        "charts": [plain_chart(watch, batch) for watch in watches_of(batch.pk)],
        **_copies(batch),
    }
    return {**document, "digest": digest(document)}


def _copies(batch: Batch) -> dict[str, Any]:
    """Return the certified copies; they are made of the record, and are no part of its content."""
    found = [plain(plain_copy(one)) for one in copies_of(batch)]
    return {"certified_copies": found} if found else {}


def original_record(batch: Batch) -> Original:
    """Return the record of a decided batch as an original: its content, and how it is printed."""
    document = record_document(batch)
    content = canonical(document["record"]).encode()
    return Original(
        name=f"{batch.number}.json",
        sort="record",
        digest=document["content_digest"],
        content=content,
        captured_by="OneLot",
        captured_at=batch.decided_at,
        printed=pdf_of(document),
    )


def signature_states(batch: Batch) -> dict[str, str]:
    """Return how each signature of the record stands now: {its id: valid, invalidated, broken}.

    It is no part of the content, which is sealed as it was decided.
    """
    streams = (batch.stream(), batch.order.chain.stream())
    found = [one for stream in streams for one in judged(signatures_in(stream).order_by("pk"))]
    return {str(one.pk): str(one.validity) for one in found}


def content_of(batch: Batch) -> dict[str, Any]:
    """Return what was ordered, done, measured, found and decided, in plain values.

    Nothing in it names the patient.
    """
    chain = batch.order.chain
    made = record_of(batch)
    made["order"].pop("state")
    custody = [event for event in custody_of(chain) if _is_before_decision(event, batch)]
    collections = collections_of(chain)
    sensors = sensor_summaries(batch.pk, until=batch.updated_at)
    alarms = [{"sensor": one["sensor"], **alarm} for one in sensors for alarm in one.pop("alarms")]
    return plain(  # type: ignore[no-any-return]  # a mapping stays one
        {
            **made,
            "corrections": corrections_of(made["steps"]),
            "collections": [_collection(one) for one in collections],
            "custody": [plain_custody(event) for event in custody],
            "sensors": sensors,
            "alarms": alarms,
            **section_for_record(batch),
        }
    )


def _is_before_decision(event: Any, batch: Batch) -> bool:
    return batch.decided_at is None or event.at <= batch.decided_at


def _collection(one: Any) -> dict[str, Any]:
    bags = sorted(one.containers.all(), key=lambda bag: bag.ordinal)
    return {
        "donation_number": one.donation_number,
        "collected_at": one.collected_at,
        "site": one.site.code,
        "bags": [{"code": bag.code, "volume_ml": bag.volume_ml} for bag in bags],
    }


def corrections_of(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return every value that was changed after entry, and one sentence that says so (Annex 11, 8)."""
    changes = []
    for step in steps:
        by_seq = {value["seq"]: value for value in step["values"]}
        for value in step["values"]:
            old = by_seq.get(value["corrects"])
            if old is not None:
                changes.append(
                    {
                        "step": step["code"],
                        "name": value["name"],
                        "old": old["entered"],
                        "new": value["entered"],
                        "unit": value["unit"],
                        "by": value["entered_by"],
                        "at": value["entered_at"],
                        "reason": value["reason"],
                    }
                )
    count = len(changes)
    said = "No value was" if count == 0 else "1 value was" if count == 1 else f"{count} values were"
    return {"statement": f"{said} changed after entry.", "changes": changes}


def plain_entry(entry: LedgerEntry) -> dict[str, Any]:
    """Return a ledger entry whole, as it was chained."""
    return {
        "seq": entry.seq,
        "recorded_at": plain(entry.recorded_at),
        "hash": entry.hash,
        "entry": json.loads(entry.entry),
    }


def seal_in(entries: list[LedgerEntry]) -> dict[str, Any] | None:
    """Return what was sealed at the disposition: the digest of the record, of its parts, and when."""
    for entry in reversed(entries):
        if entry.verb == SEAL:
            noted = json.loads(entry.entry)["notes"]
            return {
                "seq": entry.seq,
                "at": plain(entry.recorded_at),
                "content_digest": noted["content_digest"],
                "parts": noted["parts"],
            }
    return None


def checkpoint_over(entries: list[LedgerEntry]) -> dict[str, Any] | None:
    """Return the first checkpoint that saw the last of these entries, or None."""
    if not entries:
        return None
    last = entries[-1]
    head = f'"{last.stream}":[{last.seq},"{last.hash}"]'
    seen = Checkpoint.objects.filter(line__contains=head).order_by("pk").first()
    if seen is None:
        return None
    return {"number": json.loads(seen.line)["n"], "at": plain(seen.at), "digest": seen.root}


def parts_of(content: dict[str, Any]) -> dict[str, str]:
    """Return the digest of each part of a record, so that a difference can be named."""
    return {name: digest(part) for name, part in sorted(content.items())}


def plain_chart(watch: Watch, batch: Batch) -> dict[str, Any]:
    """Return the readings of a watch, thinned for drawing, with the limits that were in force."""
    end = watch.closed_at or batch.updated_at
    chart = chart_of(watch.sensor, watch.opened_at, end, limits=limits_from(watch.limits))
    points = zip(chart["times"], chart["values"], strict=True)
    return {
        "sensor": watch.sensor.code,
        "label": chart["label"],
        "unit": chart["unit"],
        "from": plain(watch.opened_at),
        "to": plain(end),
        "limits": [
            {"label": row["label"], "value": row["value"], "kind": row["kind"]}
            for row in chart["limits"]
        ],
        "points": [
            [format(at, ".3f"), None if value is None else format(exact(value), "f")]
            for at, value in points
        ],
    }


__all__ = ["EMPTY_HASH", "content_of", "parts_of", "record_document"]
