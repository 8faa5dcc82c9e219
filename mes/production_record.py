"""The batch production record, grouped as IEC 61512-4 groups it (requirement S88-10).

It says nothing that the record does not say: the same content, in the groups in which another
system looks for it, with the digest of the record it was made from. Its shape is published
(``docs/reference/production-record.schema.json``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

FORMAT = "onelot batch production record 1"
Plain = dict[str, Any]

# Where each part of the record belongs; a part that a batch does not have is an empty list.
GROUPS: dict[str, tuple[str, ...]] = {
    "materials": ("materials", "weighings", "identity_checks", "collections", "custody", "yields"),
    "equipment": ("equipment", "sensors", "changeover"),
    "samples": ("samples", "results"),
    "exceptions": ("exceptions", "deviations", "alarms", "holds", "amendments"),
    "documents": ("files", "label_replacements"),
}


def production_record(document: Plain) -> Plain:
    """Return the grouped record of a record document (``mes.record.record_document``)."""
    record = document["record"]
    return {
        "format": FORMAT,
        "content_digest": document["content_digest"],
        "batch_information": {
            "batch": record["batch"],
            "order": record["order"],
            "reviews": record["reviews"],
            "disposition": record["disposition"],
        },
        "recipe": {
            "control_recipe": record["recipe"],
            "decided": record.get("branches", []),
        },
        "events": events_of(record),
        "personnel": personnel_of(record),
        "process_data": [
            {
                "step": step["code"],
                "execution": step.get("execution", 1),
                "title": step["title"],
                "operation": step["operation"],
                "mode": step.get("mode", ""),
                "state": step["state"],
                "values": step["values"],
            }
            for step in record["steps"]
        ],
        **{
            group: {part: record.get(part, []) for part in parts} for group, parts in GROUPS.items()
        },
        "corrections": record["corrections"],
    }


def events_of(record: Plain) -> list[Plain]:
    """Return what happened, in order of time: each start, end, signature, hold and release."""
    found = []
    for step in record["steps"]:
        of = {"step": step["code"], "execution": step.get("execution", 1)}
        for what, at in (("started", step["started_at"]), ("ended", step["completed_at"])):
            found += [{"at": at, "what": f"step {what}", "by": None, **of}] if at else []
        found += [
            {"at": one["signed_at"], "what": f"signed: {one['meaning']}", "by": one["signer"], **of}
            for one in step["signatures"]
        ]
    for hold in record["holds"]:
        of = {"step": hold.get("step"), "execution": hold.get("execution")}
        found.append({"at": hold["placed_at"], "what": "held", "by": hold["placed_by"], **of})
        if hold["lifted_at"]:
            found.append(
                {"at": hold["lifted_at"], "what": "let go on", "by": hold["lifted_by"], **of}
            )
    return sorted(found, key=lambda one: (one["at"], one["step"] or "", one["what"]))


def personnel_of(record: Plain) -> list[Plain]:
    """Return everybody who had a part in the batch, with what they did and at which steps."""
    parts: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for step in record["steps"]:
        for one in step["signatures"]:
            parts[one["signer"]].add((one["meaning"], step["code"]))
        for value in step["values"]:
            parts[value["entered_by"]].add(("entered", step["code"]))
    for review in record["reviews"]:
        parts[review["reviewed_by"]].add(("reviewed", ""))
    decided = record["disposition"]
    if decided is not None:
        parts[decided["decided_by"]].add((decided["decision"], ""))
    return [
        {"name": name, "did": [{"what": what, "step": step} for what, step in sorted(did)]}
        for name, did in sorted(parts.items())
    ]
