"""Labels: what each must carry by what the medicine is, and the lines that are printed on it.

What must be there is what requirements ATMP-09 and COI-06 list, after EU GMP Part IV and the
standards of FACT. The code of the chain of identity, the patient's, and the number of the batch
are on every label whatever its template says: nobody can leave them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from kernel.errors import FieldError

LabelField = Literal[
    "product", "storage", "autologous", "donor", "collected_at", "biohazard", "do_not_irradiate"
]
LABEL_FIELDS: tuple[LabelField, ...] = get_args(LabelField)
# Ten years: a label that promises longer is a typing error.
MOST_EXPIRY_HOURS = 10 * 366 * 24

AUTOLOGOUS_WORDS = "FOR AUTOLOGOUS USE ONLY"
BIOHAZARD_WORDS = "BIOHAZARD"
IRRADIATE_WORDS = "DO NOT IRRADIATE"

# What a field is called where it is missing; the last two have a place of their own.
NAMES = {
    "product": "the name of the product",
    "storage": "how it is stored",
    "autologous": f"“{AUTOLOGOUS_WORDS}”",
    "donor": "donor and recipient, with the donation number",
    "collected_at": "the date and time of collection",
    "biohazard": f"“{BIOHAZARD_WORDS}”",
    "do_not_irradiate": f"“{IRRADIATE_WORDS}”",
    "expires_hours": "when it expires, with the time",
    "volume": "the volume",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label: its words line by line, its specimen in the master record (21 CFR 211.186(b)(8)).

    ``fields`` are printed below the lines, filled from the batch. It expires ``expires_hours``
    after the end of the step ``expires_from``, or after it was printed where no step is named.
    """

    code: str
    name: str
    lines: tuple[str, ...]
    fields: tuple[LabelField, ...] = ()
    volume: str = ""
    expires_hours: int | None = None
    expires_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """What a batch knows for its labels; a time is written with its zone, as it is printed."""

    product: str
    storage: str
    patient: str
    donations: tuple[str, ...]
    collected_at: str
    expires_at: str
    is_autologous: bool


def required_fields(*, is_autologous: bool, has_cells: bool) -> tuple[str, ...]:
    """Return the fields that a label of such a medicine carries, in the order they are told."""
    always = ("product", "expires_hours", "storage")
    autologous = ("autologous",) if is_autologous else ()
    cells = ("donor", "collected_at", "volume", "biohazard", "do_not_irradiate")
    return (*always, *autologous, *(cells if has_cells else ()))


def missing_fields(
    label: Label, *, product: str, storage: str, is_autologous: bool, has_cells: bool
) -> tuple[str, ...]:
    """Return the required fields that a label does not carry.

    Words that never change may stand in its lines, too; what differs from batch to batch is a
    field. Of what the recipe itself does not say, it is the recipe that is told.

    Args:
        product: the name of the product, as the recipe has it.
        storage: how it is stored, as the recipe has it.
    """
    said = " ".join(" ".join(label.lines).casefold().split())
    words = {
        "product": product,
        "storage": storage,
        "autologous": AUTOLOGOUS_WORDS,
        "biohazard": BIOHAZARD_WORDS,
        "do_not_irradiate": IRRADIATE_WORDS,
    }
    written = {name for name, one in words.items() if one and one.casefold() in said}
    carried = {*label.fields, *written}
    if label.volume:
        carried.add("volume")
    if label.expires_hours is not None:
        carried.add("expires_hours")
    unsaid = {name for name, one in words.items() if not one}
    wanted = required_fields(is_autologous=is_autologous, has_cells=has_cells)
    return tuple(one for one in wanted if one not in carried | unsaid)


def wrong_labels(
    labels: tuple[Label, ...],
    *,
    product: str,
    storage: str,
    is_autologous: bool,
    has_cells: bool,
    steps: frozenset[str],
) -> Iterator[FieldError]:
    """Yield what each label of a recipe lacks, by name, and a step of an expiry that is not there."""
    for place, label in enumerate(labels):
        lacking = missing_fields(
            label,
            product=product,
            storage=storage,
            is_autologous=is_autologous,
            has_cells=has_cells,
        )
        for name in lacking:
            key = name if name in ("expires_hours", "volume") else "fields"
            yield FieldError(
                pointer=f"/header/labels/{place}/{key}",
                code="missing_on_label",
                detail=f"The {label.name} does not say {NAMES[name]}.",
            )
        if label.expires_from and label.expires_from not in steps:
            yield FieldError(
                pointer=f"/header/labels/{place}/expires_from",
                code="unknown_reference",
                detail=f"The {label.name} expires counted from step {label.expires_from},"
                " which is not in the recipe.",
            )


def printed_lines(label: Label, facts: LabelFacts) -> tuple[str, ...]:
    """Return the lines of a label as they are printed for one batch."""
    donation = f"donation {', '.join(facts.donations)}"
    role = "Donor and recipient" if facts.is_autologous else "Recipient"
    words = {
        "product": facts.product,
        "autologous": AUTOLOGOUS_WORDS,
        "donor": f"{role} {facts.patient}, {donation}",
        "collected_at": f"Collected {facts.collected_at}",
        "storage": f"Store: {facts.storage}",
        "biohazard": BIOHAZARD_WORDS,
        "do_not_irradiate": IRRADIATE_WORDS,
    }
    head = [words[one] for one in ("product", "autologous") if one in label.fields]
    tail = [words[one] for one in ("donor", "collected_at") if one in label.fields]
    if label.volume:
        tail.append(f"Volume {label.volume}")
    if facts.expires_at:
        tail.append(f"Expires {facts.expires_at}")
    last = ("storage", "biohazard", "do_not_irradiate")
    tail += [words[one] for one in last if one in label.fields]
    return (*head, *label.lines, *tail)
