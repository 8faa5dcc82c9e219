"""What the small model of a batch's life is about: people, steps, entries and gestures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.errors import IllegalMove

ROLES = {
    "olivia": "operator",
    "oscar": "operator",
    "vera": "verifier",
    "rosa": "verifier",
    "quinn": "qa",
    "paula": "qp",
}
HOLDABLE = ("running", "pausing", "paused", "restarting")
OVER = ("complete", "skipped")
UNDER_REVIEW = ("qa_review", "qa_review_of_aborted")
WAITING = (
    *("execution_complete", "production_reviewed", "returned_for_correction", "aborted"),
    *UNDER_REVIEW,
)
# By kind of step: what may be entered, and the exceptions that follow; None is refused.
ENTRIES: dict[str, dict[str, tuple[str, ...] | None]] = {
    "identity": {"own": (), "other": ("identity",)},
    "number": {"75.0": (), "45.0": ("soft_limit",), "500.0": None},
    "choice": {"clear": (), "cloudy": ("not_accepted",), "green": None},
    "bare": {"0": None},
}
# What does not reopen the review of the trail: who decides looks and says.
DECISIONS = (
    *("review_production", "review_trail", "review", "open_review"),
    *("open_all", "accept_all", "release", "reject"),
)
CORRECTABLE = ("number", "choice")


@dataclass(frozen=True)
class Spec:
    """One step of the recipe of these lives."""

    kind: str
    after: tuple[str, ...] = ()
    is_verified: bool = False


STEPS = {
    "L1": Spec("bare"),
    "L2": Spec("identity", ("L1",), is_verified=True),
    "L3": Spec("number", ("L2",), is_verified=True),
    "L4": Spec("choice", ("L2",)),
    "L5": Spec("identity", ("L3", "L4")),
}


class Refused(Exception):
    """The model refuses a gesture; nothing has changed."""


def need(is_met: object) -> None:
    """Refuse what the gates do not let through."""
    if not is_met:
        raise Refused


def moved(after: Callable[[str, str], str], state: str, verb: str) -> str:
    """Return the state after a move of a table, or refuse it."""
    try:
        return after(state, verb)
    except IllegalMove:
        raise Refused from None


@dataclass
class Part:
    """One execution of a step."""

    code: str
    execution: int = 1
    state: str = "waiting"
    phase: str = "idle"
    value: str | None = None
    values: int = 0
    people: set[str] = field(default_factory=set)
    performer: str = ""
    verifier: str = ""
    is_identified: bool = False

    @property
    def spec(self) -> Spec:
        """What the recipe says of it."""
        return STEPS[self.code]


@dataclass
class Raised:
    """One exception."""

    kind: str
    state: str = "open"
    is_opened: bool = False


@dataclass(frozen=True)
class Gesture:
    """Somebody asks for something."""

    verb: str
    who: str
    code: str = ""
    what: str = ""
