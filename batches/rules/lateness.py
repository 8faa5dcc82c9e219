"""Lateness: when something was done, when it was recorded, and how far apart the two may be."""

from __future__ import annotations

from datetime import datetime, timedelta

from batches.rules.moments import instant_from, shown_instant
from batches.rules.verdicts import OK, Judged
from kernel.errors import Invalid
from recipes.rules.steps import Step

# What is recorded later than this after it was done needs a reason, where a recipe says nothing.
LATE_AFTER_MINUTES = 15
# What a person does and then writes down; a scan, a sensor and a clock record as they happen.
TOLD_BY_PEOPLE = ("confirm", "number", "choice", "text", "date_time", "instruction",
                  "line_clearance", "sample", "in_process_control")  # fmt: skip
_POINTER = "/happened_at"


def event_time(
    step: Step, text: str, *, zone: str, started_at: datetime, recorded_at: datetime
) -> datetime | None:
    """Return when something was done, where that was typed; else nothing: it is done as recorded.

    Args:
        started_at: when the batch was started, before which nothing of it was done.

    Raises:
        Invalid: it is no moment, or to come, or before the batch; or the step records by itself.
    """
    if not text.strip():
        return None
    if step.kind not in TOLD_BY_PEOPLE:
        raise Invalid(
            "This is recorded at the moment it happens.", pointer=_POINTER, code="no_event_time"
        )
    at = instant_from(text, zone=zone, pointer=_POINTER)
    if at > recorded_at:
        raise Invalid(
            f"{shown_instant(at)} is still to come.", pointer=_POINTER, code="future_time"
        )
    if at < started_at.replace(second=0, microsecond=0):
        raise Invalid(
            f"The batch was started at {shown_instant(started_at)}.",
            pointer=_POINTER,
            code="before_start",
        )
    return at


def judged_lateness(step: Step, happened_at: datetime | None, recorded_at: datetime) -> Judged:
    """Return whether the record came too long after the event (PI 041, contemporaneous)."""
    allowed = step.late_after_minutes or LATE_AFTER_MINUTES
    if happened_at is None or recorded_at - happened_at <= timedelta(minutes=allowed):
        return OK
    return Judged(
        word="late",
        reason=f"Done at {shown_instant(happened_at)}, recorded at {shown_instant(recorded_at)},"
        f" more than {allowed} min later",
        exception_kind="late_entry",
        severity="critical" if step.critical else "warning",
    )
