"""The order of the steps: what each waits for, and whether the order can be carried out at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recipes.rules.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """What is known of the order.

    ``before`` gives, for each step that can be reached, every step that is complete when it
    starts; ``unknown`` the (step, named step) pairs that lead nowhere; ``unreachable`` the steps
    that wait for each other in a circle, or for something that never comes, in document order.
    """

    before: Mapping[str, frozenset[str]]
    unknown: tuple[tuple[str, str], ...]
    unreachable: tuple[str, ...]


def sequence_of(document: Document) -> Sequence:
    """Return the order of the steps of ``document``."""
    waits = {step.code: step.after for step in document.steps}
    unknown = tuple(
        (code, named) for code, after in waits.items() for named in after if named not in waits
    )
    before: dict[str, frozenset[str]] = {}
    left = dict(waits)
    while True:
        ready = [code for code, after in left.items() if all(named in before for named in after)]
        if not ready:
            break
        for code in ready:
            direct = left.pop(code)
            before[code] = frozenset(direct).union(*(before[named] for named in direct))
    return Sequence(before=before, unknown=unknown, unreachable=tuple(left))
