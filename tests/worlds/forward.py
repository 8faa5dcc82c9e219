"""What brings a life on, as the model of it stands: random gestures alone never get far."""

from __future__ import annotations

from tests.worlds.gestures import ENTRIES, Gesture
from tests.worlds.lives import Life


def forward(life: Life) -> list[Gesture]:
    """What would bring this life on; random gestures alone never get far."""
    match life.batch:
        case "issued":
            return [Gesture("start_batch", "olivia")]
        case "on_hold":
            return [Gesture("resume", "quinn")]
        case "in_progress":
            return _forward_steps(life)
        case "execution_complete":
            return [Gesture("review_production", who) for who in ("vera", "rosa")]
        case "released" | "rejected":
            return []
    return _forward_review(life)


def _forward_steps(life: Life) -> list[Gesture]:
    found = []
    for part in life.current():
        asked = [one for one, follows in ENTRIES[part.spec.kind].items() if follows is not None]
        if part.phase in ("stopped", "aborted"):
            found.append(Gesture("reset", "quinn", part.code))
        elif part.phase in ("held", "paused"):
            verb, who = ("restart", "quinn") if part.phase == "held" else ("resume", "olivia")
            found.append(Gesture("move", who, part.code, verb))
        elif part.state == "ready":
            found.append(Gesture("start", "olivia", part.code))
        elif part.state == "running" and part.value is None and asked:
            found += [Gesture("enter", "oscar", part.code, what) for what in asked]
        elif part.state == "running":
            found.append(Gesture("sign", "olivia", part.code))
        elif part.state == "performed":
            found.append(Gesture("verify", "vera", part.code))
    return found


def _forward_review(life: Life) -> list[Gesture]:
    if any(not one.is_opened for one in life.exceptions):
        return [Gesture("open_all", "quinn")]
    if any(one.state == "open" for one in life.exceptions):
        return [Gesture(verb, "quinn") for verb in ("accept_all", "accept_all", "escalate")]
    if life.deviations:
        return [Gesture("close_all", "quentin")]
    if life.batch.endswith("aborted"):
        return [Gesture("review", "quinn"), Gesture("reject", "paula")]
    found = [Gesture("review", "quinn")] if life.reviewed != life.changes else []
    if life.trail != life.reopening:
        found.append(Gesture("review_trail", "quinn"))
    return found or [Gesture("release", "paula")]
