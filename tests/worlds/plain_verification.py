"""What the ledger says of rows and history, asked the plain way: every entry whole, every value as text.

Nothing here is shared with ``audit.verification``, so that a short cut there cannot hide here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db import models

from audit.models import LedgerEntry, Recorded
from kernel.canonical import plain

Subject = tuple[str, str]
Texts = dict[str, str]


def plain_findings() -> set[str]:
    """Return every finding about entries, rows and history of a ledger that can be read."""
    kinds = {model._meta.label: model for model in apps.get_models() if issubclass(model, Recorded)}
    held: dict[Subject, Texts] = {}
    streams: dict[Subject, str] = {}
    past: dict[Subject, list[tuple[str, Texts]]] = defaultdict(list)
    found, known = set(), set()
    for link in LedgerEntry.objects.order_by("stream", "seq"):
        entry, where = json.loads(link.entry), f"entry: ledger {link.stream} #{link.seq}: "
        subject = (entry["subject"]["type"], entry["subject"]["id"])
        known.add((link.subject_type, link.subject_id))
        columns = (str(link.act), link.actor_id, link.verb, link.subject_type, link.subject_id)
        if columns != (entry["act"], entry["by"]["id"], entry["verb"], *subject):
            found.add(f"{where}columns and entry disagree")
        if subject not in held:
            streams[subject], held[subject] = link.stream, defaults(kinds[subject[0]])
        before, after = as_texts(entry["before"]), as_texts(entry["after"])
        for name, text in before.items():
            if held[subject].get(name) != text:
                found.add(f"{where}{name} was not what the entry says")
        held[subject].update(after)
        if after:
            past[subject].append((entry["act"], dict(held[subject])))
    for kind, model in kinds.items():
        names = names_of(model)
        rows = {str(row.pk): as_texts(values(row, names)) for row in model._base_manager.all()}
        mine = {pk: texts for (label, pk), texts in held.items() if label == kind}
        for pk in mine.keys() - rows.keys():
            found.add(f"deleted: {kind} {pk}: the row is gone ({streams[kind, pk]})")
        for pk in rows:
            if (kind, pk) not in known:
                found.add(f"unrecorded: {kind} {pk}: the ledger does not know this row")
        for pk in rows.keys() & mine.keys():
            for name in names:
                if name not in mine[pk] or mine[pk][name] != rows[pk][name]:
                    found.add(f"changed: {kind} {pk}.{name}: is not what was recorded")
        if hasattr(model, "history"):
            stored = history_in(model, names)
            found.update(history_findings(kind, stored, {pk: past[kind, pk] for pk in mine}))
            for pk in stored:
                if (kind, pk) not in known:
                    where = f"history: history of {kind} {pk}"
                    found.add(f"{where}: the ledger does not know this record")
    return found


Past = dict[str, list[tuple[str, Texts]]]


def history_in(model: Any, names: list[str]) -> Past:
    stored: Past = defaultdict(list)
    for row in model.history.model._base_manager.order_by("id", "history_id"):
        stored[str(row.id)].append((row.history_change_reason, as_texts(values(row, names))))
    return stored


def history_findings(kind: str, stored: Past, pasts: Past) -> Iterator[str]:
    for pk, wanted in pasts.items():
        where, found = f"history: history of {kind} {pk}, change", stored.get(pk, [])
        same = [one == other for one, other in zip(wanted, found, strict=False)]
        if False in same:
            yield f"{where} {same.index(False) + 1}: is not what was recorded"
        elif len(found) < len(wanted):
            yield f"{where} {len(found) + 1}: is gone"
        elif len(found) > len(wanted):
            yield f"{where} {len(wanted) + 1}: was not recorded"


def names_of(model: type[Recorded]) -> list[str]:
    return [f.attname for f in model._meta.concrete_fields if f.attname not in model.unrecorded]


def values(row: models.Model, names: list[str]) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in names}


def defaults(model: type[Recorded]) -> Texts:
    fields = [f for f in model._meta.concrete_fields if f.attname not in model.unrecorded]
    known = {
        f.attname: plain(f.default) for f in fields if f.has_default() and not callable(f.default)
    }
    empty = {f.attname: None for f in fields if f.null and not f.has_default()}
    return as_texts({**known, **empty})


def as_texts(given: Mapping[str, Any]) -> Texts:
    return {name: json.dumps(value, sort_keys=True) for name, value in given.items()}
