"""Labels: the serial of each, what a scan of one says, and how they add up. Pure Python.

Every label has a serial of its own, which is in its code behind the chain of identity
(``COI-7K2M-Q9TB-44XN-P/B-000012-S26L-1-001``). A label that is replaced is void from then on; the
new one has another serial and the same chain of identity (requirement COI-07).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from supply.rules.identity import COI_PREFIX

Fate = Literal["destroyed", "missing"]
FATES: tuple[Fate, ...] = get_args(Fate)
SEPARATOR = "/"
COUNTED = ("issued", "used", "destroyed", "returned", "missing")


class Scanned(NamedTuple):
    """What a code says: the chain of identity, or the bag, and the serial of a label if it has one."""

    identity: str
    serial: str


def serial_of(batch: str, step: str, execution: int, number: int) -> str:
    """Return the serial of a label.

    Args:
        batch: the number of the batch, ``B-000012``.
        step: the code of the step that printed it.
        number: which of the labels of that execution it is, counted from one over all runs.
    """
    return f"{batch}-{step}-{execution}-{number:03}"


def serials_of(batch: str, step: str, execution: int, *, first: int, copies: int) -> list[str]:
    """Return the serials of the labels of one run, ``first`` being the number of the first."""
    return [serial_of(batch, step, execution, first + more) for more in range(copies)]


def code_of(chain: str, serial: str) -> str:
    """Return the text in the code of a label."""
    return f"{chain}{SEPARATOR}{serial}"


def scanned_from(text: str) -> Scanned:
    """Return what was scanned, taken apart; whatever is no label of the house is whole."""
    identity, _, serial = text.strip().partition(SEPARATOR)
    if not identity.upper().startswith(f"{COI_PREFIX}-"):
        return Scanned(text.strip(), "")
    return Scanned(identity.strip(), serial.strip())


def counts_after(details: Mapping[str, Any], fates: Iterable[str]) -> dict[str, int]:
    """Return how the labels of a step add up after some were replaced (21 CFR 211.125).

    Each replacement issues one more; the new label is used in the place of the void one, which was
    destroyed or is missing.

    Args:
        details: the reconciliation that was signed.
    """
    counts = {name: int(details[name]) for name in COUNTED}
    for fate in fates:
        counts["issued"] += 1
        counts[fate] += 1
    return counts
