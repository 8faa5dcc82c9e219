"""Words of the printed record: times, values, limits and changes, as an inspector reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batches.reports.paper import Look, Piece
from kernel.canonical import canonical
from kernel.quantities import spoken_seconds, unit_label

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
VERDICTS: Mapping[str, Look] = {
    "in_range": "good",
    "ok": "good",
    "soft_limit": "attention",
    "late": "attention",
    "not_accepted": "attention",
    "outside_space": "attention",
    "not_applicable": "attention",
    "out_of_spec": "stop",
    "missing": "stop",
    "hard_limit": "stop",
    "mismatch": "stop",
}
# A value of the audit trail that is longer is named by its size; the JSON record holds it whole.
LONGEST = 90


def shown_time(text: str | None) -> str:
    """Return a canonical time as people read it: 23 Nov 2026 14:05:09 UTC."""
    if not text:
        return "—"
    at = datetime.fromisoformat(text)
    return f"{at.day:02} {MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} UTC"


def shown_day(text: str | None) -> str:
    """Return a canonical date as people read it: 23 Nov 2026."""
    if not text:
        return "—"
    year, month, day = (int(part) for part in text[:10].split("-"))
    return f"{day:02} {MONTHS[month - 1]} {year}"


def word(text: str | None) -> str:
    """Return a code as a word: "qa_review" is "qa review"."""
    return (text or "—").replace("_", " ")


def short(digest: str | None) -> str:
    """Return the beginning of a digest in groups of four."""
    head = (digest or "")[:16]
    return " ".join(head[at : at + 4] for at in range(0, len(head), 4)) or "—"


def amount(number: str | None, unit: str) -> str:
    """Return a number and its unit as they are printed; nothing when there is no number."""
    return f"{number} {unit_label(unit) if unit else ''}".rstrip() if number else ""


def entered_words(value: Mapping[str, Any], definition: Mapping[str, Any]) -> str:
    """Return a value as it was entered: a number with its unit, an answer by its label."""
    entered, unit = str(value["entered"]), value["unit"]
    for option in definition.get("options") or ():
        if option["value"] == entered:
            return str(option["label"])
    is_number = value["value"] is not None and not {"lot", "from_lot"} & set(value["details"] or {})
    return amount(entered, unit) if unit and is_number else entered


def limits_of(definition: Mapping[str, Any]) -> list[Piece]:
    """Return what a step allows, one line each."""
    found: list[Piece] = []
    unit = unit_label(definition["unit"]) if definition.get("unit") else ""
    for name, words in (("soft", "Expected"), ("hard", "Limit")):
        limits = definition.get(name) or {}
        low, high = limits.get("min"), limits.get("max")
        told = f"{low} to {high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
        if low or high:
            found.append((f"{words} {told} {unit}".rstrip(), "faint"))
    if definition.get("formula"):
        found.append((f"= {definition['formula']}", "faint"))
    if definition.get("min_seconds") or definition.get("max_seconds"):
        longest = definition.get("max_seconds")
        told = f"At least {spoken_seconds(definition['min_seconds'])}"
        found.append((told + (f", at most {spoken_seconds(longest)}" if longest else ""), "faint"))
    if definition.get("pattern"):
        found.append((f"As {definition['pattern']} (A a letter, 9 a digit)", "faint"))
    for name, words in (("earliest_seconds", "Not before"), ("latest_seconds", "Not after")):
        if definition.get(name) is not None:
            since, seconds = definition["relative_to"], definition[name]
            sign = "−" if seconds < 0 else "+"
            told = f"{words} {since} {sign} {spoken_seconds(abs(seconds))}"
            found.append((told if seconds else f"{words} {since}", "faint"))
    if definition.get("accepted"):
        labels = {option["value"]: option["label"] for option in definition.get("options") or ()}
        accepted = ", ".join(labels.get(one, one) for one in definition["accepted"])
        found.append((f"Accepted: {accepted}", "faint"))
    return found


def value_pieces(value: Mapping[str, Any], definition: Mapping[str, Any]) -> list[Piece]:
    """Return a value as the record shows it; one that was replaced is struck through, and legible.

    Args:
        definition: what the step asked for.
    """
    told = entered_words(value, definition)
    pieces: list[Piece] = [(told, "bold" if value["stands"] else "struck")]
    details = value["details"] or {}
    if "lot" in details:
        until = shown_day(details.get("expires_on"))
        pieces.append((f"{details.get('name', '')}, lot {details['lot']}, expires {until}", ""))
        pieces.append((amount(value["value"], value["unit"]), ""))
    elif "equipment" in details:
        pieces.append((f"{details.get('name', '')} ({details.get('equipment_class', '')})", ""))
    elif "document" in details:
        pieces.append((f"{details['document']}, version {details['version']}", ""))
    elif "point" in details:
        pieces += sample_pieces(value, details)
    elif "attachment" in details:
        pieces.append((f"{details['sort']}, {details['size']} bytes", ""))
        pieces.append((details["digest"], "mono"))
    elif "label_of" in details:
        pieces.append((f"Label {details['label_of']}: {details['issued']} printed", ""))
        pieces += [
            (f"{one['copies']} · {short(one['digest'])}", "mono") for one in details["prints"]
        ]
    elif "test" in details:
        of = f" of {details['sample']}" if "sample" in details else ""
        pieces.append((f"Result {details['result']}{of}: {details['test']}", ""))
        pieces.append((f"Method {details['method']}", "faint"))
        pieces += laboratory_pieces(details.get("laboratory"))
    elif "instant" in details:
        pieces.append((f"{shown_time(details['instant'])}, entered in {details['zone']}", ""))
    elif details.get("checks"):
        pieces += [(f"· {one}", "") for one in details["checks"]]
    verdict = value["verdict"]
    if word(verdict) not in ("ok", "—", told):
        reason = f": {value['verdict_reason']}" if value["verdict_reason"] else ""
        pieces.append((f"{word(verdict)}{reason}", VERDICTS.get(verdict, "attention")))
    if value["reason"]:
        pieces.append((f"Reason: {value['reason']}", ""))
    if value.get("happened_at"):
        pieces.append((f"Done {shown_time(value['happened_at'])}, before it was recorded", ""))
    who = f"{word(value['source'])} by {value['entered_by']}, {shown_time(value['entered_at'])}"
    return [*pieces, (who, "faint")]


def sample_pieces(value: Mapping[str, Any], details: Mapping[str, Any]) -> list[Piece]:
    """Return what a sample is: its identifier, its point, its container, the lot it is of."""
    pieces: list[Piece] = [(f"Sample {details['sample']}", ""), (details["point"], "")]
    if details["container"]:
        pieces.append((details["container"], "faint"))
    if "from_lot" in details:
        told = amount(value["value"], value["unit"])
        pieces.append((f"{told} of {details['material']}, lot {details['from_lot']}", ""))
    return pieces


def laboratory_pieces(kept: Mapping[str, Any] | None) -> list[Piece]:
    """Return a laboratory record as it is printed (21 CFR 211.194(a)); nothing where none is kept."""
    if not kept:
        return []
    of, raw = kept["of"], kept["raw"]
    lot = f", lot {of['lot']}" if "lot" in of else ""
    pieces: list[Piece] = [
        (f"Version {kept['method_version']} of the method", "faint"),
        (f"{of['point']}{lot}, {amount(of['quantity'], of['unit'])}", ""),
        (f"taken by {of['taken_by']}, {shown_time(of['taken_at'])}", "faint"),
        (f"received {shown_time(kept['received_at'])}", "faint"),
    ]
    pieces += [
        (f"{one['label']}: {amount(one['entered'], one['unit'])}", "") for one in kept["amounts"]
    ]
    if kept["formula"]:
        pieces.append((f"= {kept['formula']}", ""))
    pieces.append((f"Raw data {raw['name']}, {raw['size']} bytes", ""))
    return [*pieces, (raw["digest"], "mono")]


def signature_pieces(one: Mapping[str, Any]) -> list[Piece]:
    """Return a signature as it must be shown: printed name, meaning, time with its zone (11.50)."""
    zone = "" if one["time_zone"] == "UTC" else f" ({one['time_zone']})"
    return [
        (one["signer"], "bold"),
        (f"{word(one['meaning'])} · {shown_time(one['signed_at'])}{zone}", ""),
        (short(one["statement_digest"]), "mono"),
    ]


def changes_in(entry: Mapping[str, Any]) -> list[Piece]:
    """Return what an entry of the ledger changed: each field, old value first, and why."""
    before, changes = entry["before"], []
    for name, value in entry["after"].items():
        new = told(value)
        if name in before:
            changes.append(f"{name}: {told(before[name]) or '—'} → {new or '—'}")
        elif new:
            changes.append(f"{name}: {new}")
    changes += [f"{name}: {told(value)}" for name, value in (entry.get("notes") or {}).items()]
    pieces: list[Piece] = [(" · ".join(changes) or "—", "")]
    if entry["reason"]:
        pieces.append((f"Reason: {entry['reason']}", "faint"))
    return pieces


def told(value: Any) -> str:
    """Return a value of the audit trail in one line; nothing for what is empty."""
    if value in (None, "", [], {}):
        return ""
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= LONGEST else f"({len(text)} characters, in the JSON record)"
