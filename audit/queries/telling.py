"""An entry of the ledger as a person reads it: in words, with labels and units, changed only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.db import models

from audit.models import LedgerEntry
from audit.queries.naming import Named, Subject, named, trail_href, verb_in_words, vocabulary
from kernel.canonical import canonical
from kernel.quantities import UNITS, unit_label

# An act that reaches the ledger so much later than it was done is a late entry. What the demo
# plays back is its past, and no late entry.
LATE_AFTER = timedelta(minutes=15)
PLAYED = "demo"
# Said last: they change with every change, or are there for machines.
TECHNICAL = frozenset(
    (
        "act", "definition", "id", "in_stream", "key_id", "ordinal", "seal", "seq", "signer_id",
        "signer_username", "statement", "updated_at", "version",
    )
)  # fmt: skip
# A word of a list, as the code writes it ("soft_limit").
CODE_WORD = re.compile(r"[a-z]+(_[a-z]+)+")
FOREMOST = 4
LONGEST = 240
# So many parts of one field are told one by one.
FEW = 12
UNIT_ENDINGS = {"_kg": "kg", "_cm": "cm", "_ml": "mL", "_s": "s"}
NOTHING = "—"
WORDS_OF_NOTES = {"asked": "Asked", "code": "Code", "detail": "Why not"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One side of a change: a text, or a time."""

    text: str = ""
    at: datetime | None = None
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that changed; ``before`` is None where there was nothing before."""

    label: str
    before: Value | None
    after: Value | None
    is_technical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry in words.

    Args:
        foremost: the changes shown at once.
        further: those shown when somebody asks.
        done_at: when it was done; recorded later than that, if ``is_late``.
    """

    entry: LedgerEntry
    who: str
    username: str
    verb: str
    record: Named
    record_href: str
    foremost: tuple[Change, ...]
    further: tuple[Change, ...]
    reason: str
    origin: str
    done_at: datetime | None
    is_late: bool
    is_critical: bool
    is_readable: bool = True

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes."""
        return (*self.foremost, *self.further)


def told_entries(entries: Iterable[LedgerEntry]) -> list[Told]:
    """Return entries in words; the names of all records are asked for together."""
    rows = list(entries)
    bodies = [_body(row) for row in rows]
    subjects = {(row.subject_type, row.subject_id) for row in rows}
    for row, body in zip(rows, bodies, strict=True):
        subjects |= set(_referred(row.subject_type, body))
    names = named(subjects)
    return [_told(row, body, names) for row, body in zip(rows, bodies, strict=True)]


def _body(row: LedgerEntry) -> Mapping[str, Any]:
    """Return what an entry says; nothing where it is noise (verification names it)."""
    try:
        body = json.loads(row.entry)
    except ValueError:
        return {}
    is_ours = isinstance(body, dict) and all(isinstance(body.get(k), dict) for k in _PARTS)
    return body if is_ours else {}


_PARTS = ("before", "after", "by", "subject")


def _told(row: LedgerEntry, body: Mapping[str, Any], names: Mapping[Subject, Named]) -> Told:
    subject = (row.subject_type, row.subject_id)
    record = names[subject]
    changes = sorted(_changes(row.subject_type, body, record, names), key=lambda c: c.is_technical)
    is_new = not body.get("before")
    telling = [one for one in changes if not one.is_technical]
    count = min(len(telling), FOREMOST) if is_new else len(telling)
    done_at = _time(body.get("at"))
    is_late = (
        done_at is not None
        and body.get("origin") != PLAYED
        and row.recorded_at - done_at > LATE_AFTER
    )
    words = vocabulary()
    return Told(
        entry=row,
        who=str(body.get("by", {}).get("name", row.actor_id)),
        username=str(body.get("by", {}).get("username", "")),
        verb=verb_in_words(row.verb),
        record=record,
        record_href=trail_href(f"{row.subject_type}:{row.subject_id}"),
        foremost=tuple(changes[:count]),
        further=tuple(changes[count:]),
        reason=str(body.get("reason", "")),
        origin=str(body.get("origin", "")),
        done_at=done_at,
        is_late=is_late,
        is_critical=row.verb in words.critical or (row.subject_type, row.verb) in words.critical_of,
        is_readable=bool(body),
    )


def _fields(label: str) -> dict[str, Any]:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return {}
    return {one.attname: one for one in model._meta.concrete_fields}


def _referred(label: str, body: Mapping[str, Any]) -> Iterable[Subject]:
    """Yield the records that the changed fields of an entry point to."""
    fields = _fields(label)
    for side in (body.get("before", {}), body.get("after", {})):
        if "subject_type" in side and "subject_id" in side:
            yield str(side["subject_type"]), str(side["subject_id"])
        for name, value in side.items():
            field = fields.get(name)
            if field is not None and field.is_relation and value is not None:
                yield field.related_model._meta.label, str(value)


def _changes(
    label: str, body: Mapping[str, Any], record: Named, names: Mapping[Subject, Named]
) -> Iterable[Change]:
    before, after = body.get("before", {}), body.get("after", {})
    fields, name = _fields(label), vocabulary().names.get(label)
    measured = name.measured if name else ()
    # What a new record is called says some of its fields already.
    said = {one.split("__")[0] for one in name.fields} if name and not before else set()
    for key in sorted(
        set(before) | set(after), key=lambda k: list(fields).index(k) if k in fields else 999
    ):
        field = fields.get(key)
        if key in ("subject_type", "subject_id") and "subject_id" in after:
            about = (str(after.get("subject_type", "")), str(after["subject_id"]))
            if key == "subject_type" and about in names:
                yield Change(label="Of", before=None, after=Value(text=names[about].short))
            continue
        words, unit = _label(field, key)
        unit = record.unit if key in measured else unit
        old, new = before.get(key), after.get(key)
        if isinstance(new, dict) and (isinstance(old, dict) or (not old and len(new) <= FEW)):
            yield from _inside(words, old or {}, new)
            continue
        was, now = (_value(field, one, unit, names) for one in (old, new))
        if key not in before and now is None:
            continue
        is_technical = key in TECHNICAL or key.removesuffix("_id") in said or "digest" in key
        yield Change(label=words, before=was, after=now, is_technical=is_technical)
    for key, noted in (body.get("notes") or {}).items():
        words = WORDS_OF_NOTES.get(key, key.replace("_", " ").capitalize())
        is_technical = "digest" in key or isinstance(noted, dict)
        yield Change(label=words, before=None, after=_plain(noted), is_technical=is_technical)


def _inside(label: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    """Yield what changed inside a field that holds several values."""
    for key in sorted(set(old) | set(new)):
        if old.get(key) != new.get(key):
            inner = f"{label}, {key.replace('_', ' ')}"
            was, now = (_plain(side[key]) if key in side else None for side in (old, new))
            yield Change(label=inner, before=was, after=now, is_technical="digest" in key)


def _label(field: Any, key: str) -> tuple[str, str]:
    """Return (label, unit) of a field."""
    words = key.removesuffix("_id") if field is None else str(field.verbose_name)
    for ending, unit in UNIT_ENDINGS.items():
        if key.endswith(ending):
            words = words[: -len(ending)]
            return words.replace("_", " ").capitalize(), unit
    return words.replace("_", " ").capitalize(), ""


def _value(field: Any, value: Any, unit: str, names: Mapping[Subject, Named]) -> Value | None:
    """Return one side of a change; None where there is nothing."""
    if value is None or value == "" or value in ({}, []):
        return None
    if field is None:
        return _plain(value)
    if field.is_relation:
        known = names.get((field.related_model._meta.label, str(value)))
        return Value(text=known.short if known else str(value))
    if isinstance(field, models.DateTimeField):
        at = _time(value)
        return Value(text=str(value)) if at is None else Value(at=at)
    if isinstance(field, models.DateField):
        return _day(value)
    if isinstance(field, models.DecimalField | models.IntegerField | models.FloatField):
        return _number(value, unit)
    if field.choices and isinstance(value, str):
        return Value(text=str(dict(field.flatchoices).get(value, value)).replace("_", " "))
    return _plain(value)


def _plain(value: Any) -> Value:
    """Return any value as a text; a long one cut, with how long it is."""
    if isinstance(value, bool):
        return Value(text="yes" if value else "no")
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        text = ", ".join(map(str, value)) or NOTHING
    elif isinstance(value, dict):
        pairs = (f"{k.replace('_', ' ')}: {_plain(v).text}" for k, v in value.items())
        text = "; ".join(pairs) if len(value) <= FEW else canonical(value)
    else:
        text = canonical(value) if isinstance(value, list) else str(value)
    if CODE_WORD.fullmatch(text):
        text = text.replace("_", " ")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text)} characters)"
    return Value(text=text or NOTHING)


def _number(value: Any, unit: str) -> Value:
    try:
        number = format(Decimal(str(value)).normalize(), "f")
    except InvalidOperation:
        return Value(text=str(value))
    shown = unit_label(unit) if unit in UNITS else unit
    return Value(text=f"{number} {shown}".strip(), is_number=True)


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _day(text: Any) -> Value:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return Value(text=str(text))
    return Value(text=f"{day.day:02} {day:%b} {day.year:04}")


def in_one_line(changes: Iterable[Change]) -> str:
    """Return changes as one text, for a cell of a spreadsheet."""
    return "; ".join(
        f"{one.label}: {_cell(one.before)} → {_cell(one.after)}"
        if one.before is not None
        else f"{one.label}: {_cell(one.after)}"
        for one in changes
    )


def _cell(value: Value | None) -> str:
    if value is None:
        return NOTHING
    return value.text if value.at is None else value.at.strftime("%Y-%m-%dT%H:%M:%SZ")
