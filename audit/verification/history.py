"""History: the readable past of a record, compared with what the ledger says of each change.

Every entry that changed a record left one row of history, in the same order and by the same act.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

from django.db import DatabaseError, models, transaction
from django.db.models.functions import Cast

from audit.ledger import Finding
from audit.models import LedgerEntry, Recorded
from audit.verification.naming import UNREADABLE, finding
from kernel.canonical import plain

# What a record held after an entry: (the act, a short digest of all its values).
Past = list[tuple[str, bytes]]


def history_of(model: type[Recorded]) -> type[models.Model] | None:
    """Return the history of a model, if it keeps one."""
    found: type[models.Model] | None = getattr(getattr(model, "history", None), "model", None)
    return found


def state_of(values: Mapping[str, Any]) -> bytes:
    """Return a short digest of the plain values of a record."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def compare_history(
    model: type[Recorded], names: Sequence[str], pasts: Mapping[str, Past]
) -> Iterator[Finding]:
    """Compare the history of some records with what their entries say.

    Args:
        names: the recorded fields of the model.
        pasts: what the entries of each record add up to, one after the other, by its id.
    """
    history = history_of(model)
    if history is None or not pasts:
        return
    label = model._meta.label
    found: dict[str, Past] = {pk: [] for pk in pasts}
    rows = (
        history._base_manager.filter(id__in=[int(pk) for pk in pasts])
        .order_by("id", "history_id")
        .values_list("id", "history_change_reason", *names)
    )
    try:
        with transaction.atomic():
            for pk, act, *values in rows.iterator(chunk_size=2000):
                found[str(pk)].append((act, _stored(names, values)))
    except (DatabaseError, *UNREADABLE) as error:
        yield finding(
            "unreadable", f"history of {label}", f"cannot be read ({type(error).__name__})"
        )
        return
    for pk, past in pasts.items():
        if found[pk] != past:
            yield from _different(f"history of {label} {pk}", past, found[pk])


def _stored(names: Sequence[str], values: Sequence[Any]) -> bytes:
    try:
        return state_of({name: plain(one) for name, one in zip(names, values, strict=True)})
    except UNREADABLE:
        return b""


def _different(where: str, past: Past, found: Past) -> Iterator[Finding]:
    """Name the first row that is not as it was recorded."""
    for number, (wanted, stored) in enumerate(zip_longest(past, found), 1):
        if wanted == stored:
            continue
        if stored is None:
            yield finding("history", f"{where}, change {number}", "is gone")
        elif wanted is None:
            yield finding("history", f"{where}, change {number}", "was not recorded")
        else:
            yield finding("history", f"{where}, change {number}", "is not what was recorded")
        return


def unrecorded_history(model: type[Recorded], streams: Sequence[str] | None) -> Iterator[Finding]:
    """Name the records whose history the ledger does not know at all."""
    history = history_of(model)
    # Of some streams only the records that stand in them are asked about, which is done above.
    if history is None or streams is not None:
        return
    label = model._meta.label
    known = LedgerEntry.objects.filter(
        subject_type=label, subject_id=Cast(models.OuterRef("id"), models.CharField())
    )
    rows = history._base_manager.filter(~models.Exists(known)).order_by("id")
    try:
        with transaction.atomic():
            found = list(rows.values_list("id", flat=True).distinct()[:2000])
    except DatabaseError as error:
        yield finding(
            "unreadable", f"history of {label}", f"cannot be read ({type(error).__name__})"
        )
        return
    for pk in found:
        yield finding("history", f"history of {label} {pk}", "the ledger does not know this record")
