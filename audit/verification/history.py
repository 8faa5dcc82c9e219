"""History: the readable past of a record, compared with what the ledger says of each change.

Every entry that changed a record left one row of history, in the same order and by the same act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import DatabaseError, models, transaction
from django.db.models.functions import Cast

from audit.ledger import Finding
from audit.models import LedgerEntry, Recorded
from audit.verification.cells import ATOMS, stored_cell
from audit.verification.naming import UNREADABLE, finding

# What a record held after an entry: the act, and all its values; values that did not change are
# one object in all of them. None stands for values that are no record of this kind.
Past = list[tuple[str, tuple[Any, ...] | None]]


def history_of(model: type[Recorded]) -> type[models.Model] | None:
    """Return the history of a model, if it keeps one."""
    found: type[models.Model] | None = getattr(getattr(model, "history", None), "model", None)
    return found


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
    rows = (
        history._base_manager.filter(id__in=[int(pk) for pk in pasts])
        .order_by("id", "history_id")
        .values_list("id", "history_change_reason", *names)
    )
    met = dict.fromkeys(pasts, 0)
    # The first change of a record that is not as it was recorded, and how it differs.
    wrong: dict[str, str] = {}
    try:
        with transaction.atomic():
            for key, act, *values in rows.iterator(chunk_size=2000):
                pk = str(key)
                number, past = met[pk], pasts[pk]
                met[pk] = number + 1
                if number >= len(past):
                    wrong.setdefault(pk, f"{number + 1}: was not recorded")
                elif past[number][0] != act or past[number][1] != _stored(values):
                    wrong.setdefault(pk, f"{number + 1}: is not what was recorded")
    except (DatabaseError, *UNREADABLE) as error:
        yield finding(
            "unreadable", f"history of {label}", f"cannot be read ({type(error).__name__})"
        )
        return
    for pk, past in pasts.items():
        if met[pk] < len(past):
            wrong.setdefault(pk, f"{met[pk] + 1}: is gone")
        if pk in wrong:
            place, _, detail = wrong[pk].partition(": ")
            yield finding("history", f"history of {label} {pk}, change {place}", detail)


def _stored(values: Sequence[Any]) -> tuple[Any, ...] | None:
    try:
        return tuple(
            [value if value.__class__ in ATOMS else stored_cell(value) for value in values]
        )
    except UNREADABLE:
        return ()


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
