"""Whether a person is trained on what they are about to do (21 CFR 11.10(i), 211.25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A version of a procedure.

    ``since`` is the oldest version whose training is good for this one: the version itself,
    unless the procedure says that the change needs no new training.
    """

    code: str
    version: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """That somebody was trained on a version, and until when that holds."""

    version: int
    valid_until: datetime


def missing_training(
    procedure: Procedure, trainings: Sequence[Trained], *, at: datetime
) -> str | None:
    """Return in words what training is missing, or None when there is current one.

    Training on a version that came later is none on the version at hand.
    """
    what = f"{procedure.code}, version {procedure.version}"
    fitting = [one for one in trainings if procedure.since <= one.version <= procedure.version]
    if any(at < one.valid_until for one in fitting):
        return None
    if fitting:
        ended = max(one.valid_until for one in fitting)
        return f"training on {what} (yours ended on {ended:%d %b %Y %H:%M} UTC)"
    others = sorted({one.version for one in trainings})
    if others:
        told = " and ".join(str(one) for one in others)
        return f"training on {what} (yours is on version {told})"
    return f"training on {what}"
