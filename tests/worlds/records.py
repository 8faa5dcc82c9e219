"""Record documents written by hand, for what only reads them: no database, any length, any text."""

from __future__ import annotations

from typing import Any

from kernel.canonical import digest

AT = "2026-11-23T12:00:00.000000Z"


def signature(text: str = "Olivia Example", *, meaning: str = "performed") -> dict[str, Any]:
    """A signature as a record holds it."""
    return {
        "id": 1, "signer": text, "username": "olivia", "meaning": meaning, "signed_at": AT,
        "time_zone": "Europe/Berlin", "reason": text, "statement": {}, "statement_digest": "a" * 64,
        "key_id": "b" * 16, "seal": "c" * 128,
    }  # fmt: skip


def value(
    seq: int, text: str, *, corrects: int | None = None, stands: bool = True
) -> dict[str, Any]:
    """A value as a record holds it."""
    return {
        "seq": seq, "name": "volume", "entered": text, "value": "45", "unit": "mL",
        "source": "keyed", "verdict": "soft_limit", "verdict_reason": text, "reason": text,
        "details": {}, "corrects": corrects, "entered_by": text, "entered_at": AT, "stands": stands,
    }  # fmt: skip


def step(number: int, text: str) -> dict[str, Any]:
    """A step with a value that was corrected, and two signatures."""
    return {
        "ordinal": number, "code": f"S{number:02}", "kind": "number", "title": text,
        "unit_procedure": "Manufacture", "operation": f"Operation {number // 10}",
        "definition": {
            "instruction": text, "unit": "mL", "critical": True,
            "soft": {"min": "50.0", "max": "100.0"}, "hard": {"min": "10.0", "max": None},
        },
        "state": "complete", "started_at": AT, "completed_at": AT, "performed_by": text,
        "verified_by": text,
        "values": [value(1, text, stands=False), value(2, f"{text} again", corrects=1)],
        "signatures": [signature(text), signature(text, meaning="verified")],
    }  # fmt: skip


def entry(seq: int, text: str) -> dict[str, Any]:
    """A ledger entry as a record holds it."""
    return {
        "seq": seq, "recorded_at": AT, "hash": f"{seq:064x}",
        "entry": {
            "act": "x", "at": AT, "by": {"id": 1, "name": text, "username": "olivia"},
            "verb": "enter_value", "subject": {"type": "batches.StepValue", "id": str(seq)},
            "before": {"state": "ready"}, "after": {"state": text, "entered": text},
            "origin": "127.0.0.1", "reason": text, "notes": {"note": text},
        },
    }  # fmt: skip


def chart(points: int = 400) -> dict[str, Any]:
    """A chart with a gap in it."""
    line: list[list[str | None]] = [
        [f"{1795435200 + 9 * at}.000", f"{20 + at % 11 / 10}"] for at in range(points)
    ]
    line[points // 2][1] = None
    return {
        "sensor": "ROOM101-TEMP", "label": "Room 101 temperature", "unit": "°C", "from": AT,
        "to": "2026-11-23T13:00:00.000000Z", "points": line,
        "limits": [
            {"label": "Critical high", "value": "25", "kind": "stop"},
            {"label": "Warning high", "value": "22", "kind": "attention"},
        ],
    }  # fmt: skip


def record_document(text: str = "Measure", *, steps: int = 11, entries: int = 90) -> dict[str, Any]:
    """A whole document whose every text is ``text``."""
    who = {"by": text, "at": AT}
    used = {"step": "S01", "scanned": text, "source": "scanned", "is_match": True, **who}
    content = {
        "batch": {
            "number": "B-000001", "site": text, "room": text, "state": "released", "version": 7,
            "planned_at": AT, "issued_at": AT, "started_at": AT, "completed_at": AT,
            "decided_at": None, "signatures": [signature(text, meaning="issued")],
        },
        "order": {
            "number": "O-000001", "external_id": text, "site": text, "therapy": text,
            "therapy_name": text, "patient": "P-X4ZSRC88", "chain_of_identity": "COI-1",
            "issuer": text, "weight_kg": "82.5", "height_cm": "178", "ordered_at": AT,
            "administer_from": "2027-02-01", "administer_to": "2027-02-08",
        },
        "recipe": {
            "title": text, "code": text, "number": 1, "document_digest": "d" * 64,
            "control_recipe_digest": "d" * 64, "control_recipe": {"header": {"storage": text}},
        },
        "steps": [step(number, text) for number in range(1, steps + 1)],
        "corrections": {
            "statement": "1 value was changed after entry.",
            "changes": [
                {"step": "S01", "name": "volume", "old": text, "new": text, "unit": "mL",
                 "reason": text, **who}
            ],
        },
        "holds": [
            {"cause": text, "reason": text, "placed_by": text, "placed_at": AT, "lifted_by": None,
             "lifted_at": None, "lift_reason": ""}
        ],
        "materials": [{**used, "lot": text, "name": text, "material": text, "quantity": "10",
                       "unit": "mL", "expires_on": "2027-12-31"}],
        "equipment": [{**used, "name": text, "equipment": text, "is_match": False}],
        "identity_checks": [],
        "collections": [{"donation_number": "G1", "collected_at": AT, "site": text,
                         "bags": [{"code": text, "volume_ml": "80"}]}],
        "custody": [{"id": 1, "kind": "checked", "site": text, "bag": text, "scanned": text,
                     "is_keyed": True, "is_match": False, "detail": text, **who}],
        "sensors": [
            {"sensor": text, "name": text, "equipment": text, "quantity": "temperature",
             "unit": "Cel", "limits": {"warn_low": "18"}, "from": AT, "to": None,
             "summary": {"usable": 5, "bad": 1, "low": "1", "high": "2", "mean": "1.5",
                         "seconds_above": "9", "seconds_below": None, "gaps": [{}]}}
        ],
        "alarms": [
            {"sensor": text, "cause": text, "severity": "critical", "limit": "25", "extreme": None,
             "since": AT, "cleared_at": None, "acknowledged_by": None, "acknowledged_at": None,
             "comment": text}
        ],
        "exceptions": [
            {"kind": text, "severity": "critical", "detail": text, "step": None, "raised_at": AT,
             "raised_by": text, "state": "accepted", "deviation": "D-000001", "opened_by": None,
             "opened_at": None, "reviewed_by": text, "reviewed_at": AT, "comment": text}
        ],
        "deviations": [
            {"number": "D-000001", "kind": text, "title": text, "description": text,
             "state": "closed", "classification": "critical", "cause": text,
             "impact_on_other_batches": text, "decision": text, "reported_by": text,
             "reported_at": AT, "closed_by": text, "closed_at": AT, "signatures": [signature(text)]}
        ],
        "reviews": [{"kind": "production", "reviewed_by": text, "reviewed_at": AT, "comment": text,
                     "signatures": [signature(text)]}],
        "disposition": {"decision": "rejected", "decided_by": text, "decided_at": AT,
                        "reason": text, "signatures": [signature(text)]},
    }  # fmt: skip
    document = {
        "format": "onelot batch record 1",
        "record": content,
        "content_digest": digest(content),
        "seal": None,
        "ledger": {
            "stream": "batch:1",
            "entries": [entry(number, text) for number in range(1, entries + 1)],
        },
        "checkpoint": {"number": 3, "at": AT, "digest": "e" * 64},
        "charts": [chart()],
    }
    return {**document, "digest": digest(document)}
