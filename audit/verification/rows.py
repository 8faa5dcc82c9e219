"""Rows: what the entries of a record add up to, compared with what its row holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.models.functions import Cast

from audit.ledger import Finding
from audit.models import LedgerEntry, Recorded
from audit.verification.cells import cell, cells, stored_cell
from audit.verification.history import (
    Past,
    compare_history,
    history_of,
    unrecorded_history,
)
from audit.verification.known import are_all_known
from audit.verification.naming import UNREADABLE, finding
from kernel.canonical import plain

CHUNK = 2000
# So many records are held before they are compared; one stream is always held whole.
HELD = 4000
LARGEST_ID = 2**63 - 1
# The decoder without its search for white space: a canonical text has none around it.
SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # there, and not in the stubs
# Where the values after a change begin, behind {"act":"<36 digits>","after":
AFTER = 54
# How long ,"warrant":"<64 digits>"} is, and how many quotes stand in subject and verb before it.
WARRANT = 78
QUOTES = 14

Subject = tuple[str, str]


def recorded_models() -> list[type[Recorded]]:
    """Return every model under the ledger."""
    return [model for model in apps.get_models() if issubclass(model, Recorded)]


class Held:
    """What the entries of one record add up to, one after the other, and the stream they stand in."""

    __slots__ = ("past", "stream", "values")

    def __init__(self, stream: str, values: dict[str, Any]) -> None:
        self.stream = stream
        self.values = values
        self.past: Past = []


class Rows:
    """The records of the streams being walked."""

    def __init__(self, streams: Sequence[str] | None) -> None:
        self.streams = streams
        self.models = {model._meta.label: model for model in recorded_models()}
        self.defaults = {label: defaults_of(model) for label, model in self.models.items()}
        # The kinds of records that keep a history, and how all values of one are taken in order.
        self.remembered = {
            label: (len(names), itemgetter(*names))
            for label, model in self.models.items()
            if history_of(model) and (names := recorded_names(model))
        }
        self.held: dict[Subject, Held] = {}
        self.compared = 0

    def is_full(self) -> bool:
        """Say whether enough records are held to compare them."""
        return len(self.held) >= HELD

    def fold(
        self, stream: str, text: str, columns: tuple[Any, ...], is_warranted: bool
    ) -> list[str]:
        """Add one entry to what its record must hold, and return what the entry itself has wrong.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: the entry is not one of ours.
        """
        wrong: list[str] = []
        changes = changes_in(text, *columns) if is_warranted else None
        if changes is not None:
            (before, after), act, subject = changes, columns[0], columns[3:]
        else:
            entry = whole_entry(text)
            about = entry["subject"]
            act, subject = entry["act"], (about["type"], about["id"])
            if type(about["type"]) is not str or type(about["id"]) is not str:
                raise TypeError("a subject is named by two texts")
            if columns != (act, entry["by"]["id"], entry["verb"], *subject):
                wrong.append("columns and entry disagree")
            before, after = entry["before"], entry["after"]
        held = self.held.get(subject)
        if held is None or held.stream != stream:
            if held is not None:
                wrong.append(f"the record is recorded in {held.stream}, too")
            held = self.held[subject] = Held(stream, dict(self.defaults.get(subject[0], ())))
        known = held.values
        if before:
            wrong += [
                f"{name} was not what the entry says"
                for name, value in cells(before).items()
                if known.get(name) != value
            ]
        if after:
            known.update(cells(after))
            remembered = self.remembered.get(subject[0])
            if remembered is not None:
                held.past.append((act, _all_of(known, *remembered)))
        return wrong

    def compare(self) -> Iterator[Finding]:
        """Compare every record held so far with its row, and let go of it."""
        by_label: dict[str, dict[str, Held]] = defaultdict(dict)
        for (label, pk), held in self.held.items():
            by_label[label][pk] = held
        self.held = {}
        for label in sorted(by_label, key=str):
            model = self.models.get(label)
            if model is None:
                yield finding("entry", str(label), "is no kind of record")
                continue
            wanted = by_label[label]
            pks = [pk for pk in wanted if is_id(pk)]
            for at in range(0, len(pks), CHUNK):
                yield from self._compare_chunk(model, pks[at : at + CHUNK], wanted)
            for pk, held in wanted.items():
                yield finding("deleted", f"{label} {pk}", f"the row is gone ({held.stream})")

    def _compare_chunk(
        self, model: type[Recorded], pks: list[str], wanted: dict[str, Held]
    ) -> Iterator[Finding]:
        names = recorded_names(model)
        pasts = {pk: wanted[pk].past for pk in pks}
        try:
            with transaction.atomic():
                rows = list(
                    model._base_manager.filter(pk__in=[int(pk) for pk in pks])
                    .order_by("pk")
                    .values_list("pk", *names)
                )
        except (DatabaseError, *UNREADABLE) as error:
            where = f"{model._meta.label} {pks[0]} to {pks[-1]}"
            yield finding("unreadable", where, f"cannot be read ({type(error).__name__})")
            rows = []
            for pk in pks:
                wanted.pop(pk)
        for pk, *values in rows:
            held = wanted.pop(str(pk), None)
            if held is not None:
                self.compared += 1
                yield from compared(model, pk, dict(zip(names, values, strict=True)), held)
        yield from compare_history(model, names, pasts)

    def unrecorded(self) -> Iterator[Finding]:
        """Name every row that no entry knows."""
        if self.streams is None and are_all_known(recorded_models()):
            return
        for model in recorded_models():
            label = model._meta.label
            known = LedgerEntry.objects.filter(
                subject_type=label,
                subject_id=Cast(models.OuterRef("pk"), models.CharField()),
            )
            if self.streams is not None:
                known = known.filter(stream__in=self.streams)
            rows = model._base_manager.filter(in_streams(model, self.streams))
            unknown = rows.filter(~models.Exists(known)).order_by("pk")
            try:
                with transaction.atomic():
                    found = list(unknown.values_list("pk", flat=True)[:CHUNK])
            except DatabaseError as error:
                yield finding("unreadable", label, f"cannot be read ({type(error).__name__})")
                continue
            for pk in found:
                yield finding("unrecorded", f"{label} {pk}", "the ledger does not know this row")
            yield from unrecorded_history(model, self.streams)


def whole_entry(text: str) -> Any:
    """Return an entry, whatever it is, read from its first letter to its last."""
    entry, end = SCAN(text, 0)
    if end != len(text):
        raise ValueError("an entry is one object, and nothing else")
    return entry


def changes_in(
    text: str, act: Any, by: Any, verb: Any, kind: Any, pk: Any
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return (before, after) of an entry that agrees with its columns; None: it must be read whole.

    For warranted entries only, which this application wrote: a canonical object with the keys of
    ``audit.acts.entry_of`` in their order. So its beginning and its end are known to the letter,
    and only what lies between ``after`` and ``by`` must be parsed. Columns with quotes or escapes
    could match more than they say; such a text is read whole.
    """
    end = f',"subject":{{"id":"{pk}","type":"{kind}"}},"verb":"{verb}"'
    if (
        not text.startswith(f'{{"act":"{act}","after":{{')
        or not text.endswith(end, 0, -WARRANT)
        or end.count('"') != QUOTES
        or "\\" in end
        or by.__class__ is not int
    ):
        return None
    after, at = SCAN(text, AFTER)
    if text[at : at + 7] != ',"at":"' or text[at + 34 : at + 46] != '","before":{':
        return None
    before, at = SCAN(text, at + 45)
    if not text.startswith(f',"by":{{"id":{by},', at):
        return None
    return before, after


def _all_of(
    known: dict[str, Any], count: int, values_of: Callable[[dict[str, Any]], tuple[Any, ...]]
) -> tuple[Any, ...] | None:
    """Return all values of a record, in order; None when it has too few, or others."""
    try:
        return values_of(known) if count == len(known) else None
    except KeyError:
        return None


def recorded_names(model: type[Recorded]) -> list[str]:
    """Return the fields of a model that the ledger knows, in their order."""
    return [
        field.attname
        for field in model._meta.concrete_fields
        if field.attname not in model.unrecorded
    ]


def defaults_of(model: type[Recorded]) -> dict[str, Any]:
    """Return the plain values a record has by the definition of its columns alone.

    A release may add a column: records from before it hold its default, and no entry of theirs
    names it. So a record begins with the defaults, and whatever its entries name comes on top;
    the database refuses an entry that leaves out a column that changed.
    """
    known: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        is_free = field.default is models.NOT_PROVIDED
        if field.attname in model.unrecorded or (is_free and not field.null):
            continue
        if is_free or not callable(field.default):
            known[field.attname] = cell(plain(None if is_free else field.default))
    return known


def is_id(pk: str) -> bool:
    """Say whether ``pk`` can be the id of a row."""
    return pk.isascii() and pk.isdigit() and str(int(pk[:20])) == pk and int(pk) <= LARGEST_ID


def compared(model: type[Recorded], pk: Any, row: dict[str, Any], held: Held) -> Iterator[Finding]:
    """Compare one row, field by field, and the stream its entries should stand in."""
    where = f"{model._meta.label} {pk}"
    for field, value in row.items():
        try:
            is_same = field in held.values and held.values[field] == stored_cell(value)
        except UNREADABLE:
            is_same = False
        if not is_same:
            yield finding("changed", f"{where}.{field}", "is not what was recorded")
    kind, name = model.chained_in
    value = pk if name in (None, "pk") else row.get(name)
    home = kind if name is None else f"{kind}:{value}" if kind else value
    if home != held.stream:
        yield finding("moved", where, f"is recorded in {held.stream}, and belongs to {home}")


def in_streams(model: type[Recorded], streams: Sequence[str] | None) -> models.Q:
    """Return the condition under which a row of ``model`` belongs to one of the streams."""
    if streams is None:
        return models.Q()
    kind, name = model.chained_in
    if name is None:
        return models.Q() if kind in streams else models.Q(pk__in=[])
    if not kind:
        return models.Q(**{f"{name}__in": list(streams)})
    found = [stream.partition(":") for stream in streams]
    values = [value for prefix, _, value in found if prefix == kind and is_id(value)]
    return models.Q(**{f"{name}__in": values})
