"""How states look: one tone, one icon and one word each, so that color never stands alone.

Tones: neutral (nothing to do), waiting (not yet), active (being worked on), good (done and in
order), attention (somebody must look), stop (work must not go on; the only red).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The tone and the icon of a state."""

    tone: str
    icon: str


NEUTRAL = Look(tone="neutral", icon="circle")
WAITING = Look(tone="waiting", icon="clock")
ACTIVE = Look(tone="active", icon="play")
GOOD = Look(tone="good", icon="check")
ATTENTION = Look(tone="attention", icon="triangle")
STOP = Look(tone="stop", icon="stop")

LOOKS: dict[str, Look] = {
    **dict.fromkeys(
        ("planned", "ordered", "draft", "minor", "computed", "device", "scanned", "info"), NEUTRAL
    ),
    **dict.fromkeys(("issued", "collected", "quarantine", "approved", "proposed"), WAITING),
    **dict.fromkeys(
        ("ready", "running", "in_progress", "manufacturing", "in_use", "started"), ACTIVE
    ),
    **dict.fromkeys(
        (
            "accepted",
            "closed",
            "complete",
            "confirmed",
            "effective",
            "in_range",
            "intact",
            "ok",
            "online",
            "passed",
            "performed",
            "production_reviewed",
            "received",
            "recorded",
            "released",
            "valid",
            "verified",
        ),
        GOOD,
    ),
    **dict.fromkeys(
        (
            "attention",
            "cause_found",
            "cleaning",
            "dirty",
            "in_deviation",
            "in_review",
            "invalidated",
            "keyed",
            "late",
            "major",
            "not_accepted",
            "not_applicable",
            "open",
            "out_of_trend",
            "outside_space",
            "qa_approval",
            "qa_review",
            "qa_review_of_aborted",
            "quarantined",
            "returned_for_correction",
            "soft_limit",
            "stale",
            "under_investigation",
            "warning",
        ),
        ATTENTION,
    ),
    **dict.fromkeys(
        (
            "aborted",
            "alarm",
            "blocked",
            "broken",
            "critical",
            "error",
            "expired",
            "failed",
            "hard_limit",
            "mismatch",
            "out_of_limits",
            "label_missing",
            "missing",
            "out_of_spec",
            "out_of_specification",
            "yield",
            "rejected",
            "stop",
            "stopped",
            "stopping",
            "aborting",
        ),
        STOP,
    ),
    **dict.fromkeys(
        ("canceled", "consumed", "out_of_service", "retired", "superseded"),
        Look(tone="neutral", icon="minus"),
    ),
    **dict.fromkeys(("skipped", "taken"), Look(tone="neutral", icon="minus")),
    **dict.fromkeys(("held", "holding"), Look(tone="stop", icon="pause")),
    **dict.fromkeys(("paused", "pausing", "restarting"), Look(tone="attention", icon="pause")),
    **dict.fromkeys(("again",), Look(tone="active", icon="play")),
    **dict.fromkeys(("calibrated", "passed", "qualified"), GOOD),
    **dict.fromkeys(("due", "recorded"), ATTENTION),
    **dict.fromkeys(("declined", "not_qualified", "overdue"), STOP),
    **dict.fromkeys(("tared", "below", "above"), ATTENTION),
    "weighed": GOOD,
    "done": GOOD,
    "clear": GOOD,
    "not_clear": STOP,
    "in_force": GOOD,
    **dict.fromkeys(("manual", "mode"), ATTENTION),
    **dict.fromkeys(("returned", "discarded"), Look(tone="neutral", icon="minus")),
    "over": GOOD,
    "bound": STOP,
    "execution_complete": Look(tone="active", icon="check"),
    "on_hold": Look(tone="stop", icon="pause"),
    "waiting": Look(tone="waiting", icon="lock"),
}

WORDS: dict[str, str] = {
    "again": "Another round",
    "bound": "Bound reached",
    "over": "Loop over",
    "taken": "Carried out",
    "ok": "In order",
    "clear": "Clear",
    "not_clear": "Not cleared",
    "in_force": "In force",
    "semi_automatic": "Semi-automatic",
    "mode": "Mode switched",
    "yield": "Yield beyond its limits",
    "tared": "Empty",
    "weighed": "Full",
    "discarded": "Given up",
    "in_use": "In use",
    "qa_approval": "QA approval",
    "qa_review": "QA review",
    "qa_review_of_aborted": "QA review of aborted",
    "qa": "Quality (QA)",
    "qp": "Qualified Person (QP)",
    "warn_high": "Warning high",
    "warn_low": "Warning low",
}


def look(state: str) -> Look:
    """Return how a state looks; an unknown one is neutral."""
    return LOOKS.get(state, NEUTRAL)


def word(state: str) -> str:
    """Return a state as a reader would say it."""
    return WORDS.get(state, state.replace("_", " ").capitalize())


# Pages of a batch that belong to the review, not to the making.
QUALITYS = ("/review/", "/release/")


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One entry of the navigation."""

    title: str
    href: str
    icon: str
    keys: str = ""

    def is_current(self, path: str) -> bool:
        """Say whether the page at ``path`` belongs to this entry."""
        if path.startswith("/batches/") and path.endswith(QUALITYS):
            return self.href == "/review/"
        return path == self.href if self.href == "/" else path.startswith(self.href)


NAVIGATION: tuple[NavItem, ...] = (
    NavItem(title="My work", href="/", icon="home", keys="g h"),
    NavItem(title="Orders", href="/orders/", icon="inbox", keys="g o"),
    NavItem(title="Receipt", href="/receipt/", icon="scan"),
    NavItem(title="Batches", href="/batches/", icon="flask", keys="g b"),
    NavItem(title="Review", href="/review/", icon="eye", keys="g r"),
    NavItem(title="Deviations", href="/deviations/", icon="triangle", keys="g d"),
    NavItem(title="Recipes", href="/recipes/", icon="book"),
    NavItem(title="Equipment", href="/equipment/", icon="thermometer", keys="g e"),
    NavItem(title="Sensors", href="/sensors/", icon="chart", keys="g s"),
    NavItem(title="Ledger", href="/ledger/", icon="file", keys="g l"),
    NavItem(title="People", href="/people/", icon="user"),
    NavItem(title="Access log", href="/access-log/", icon="lock"),
    NavItem(title="Verification", href="/verification/", icon="shield"),
    NavItem(title="API docs", href="/api/docs/", icon="code"),
)
