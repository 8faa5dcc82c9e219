"""How limits, summaries and alarms stand on a record: decimal text, and times in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from monitoring.models import Alarm
from monitoring.rules.limits import LimitSet
from monitoring.rules.window import Summary

LIMIT_FIELDS = ("critical_low", "warn_low", "warn_high", "critical_high")


def plain_limits(limits: LimitSet) -> dict[str, Any]:
    """Return limits as a record holds them."""
    held: dict[str, Any] = {name: _text(getattr(limits, name)) for name in LIMIT_FIELDS}
    return {
        **held,
        "delay_s": limits.delay_s,
        "hysteresis": _text(limits.hysteresis),
        "silence_s": limits.silence_s,
    }


def limits_from(held: Mapping[str, Any]) -> LimitSet:
    """Return the limits that a record holds."""
    stated = {name: None if held[name] is None else Decimal(held[name]) for name in LIMIT_FIELDS}
    return LimitSet(
        **stated,
        delay_s=held["delay_s"],
        hysteresis=Decimal(held["hysteresis"]),
        silence_s=held["silence_s"],
    )


def plain_summary(summary: Summary) -> dict[str, Any]:
    """Return a summary as a record holds it: numbers as decimal text, times in UTC."""
    return {
        "usable": summary.usable,
        "bad": summary.bad,
        "low": _text(summary.low),
        "high": _text(summary.high),
        "mean": None if summary.mean is None else format(summary.mean, "f"),
        "seconds_above": _text(summary.above_s),
        "seconds_below": _text(summary.below_s),
        "gaps": [{"from": g.start.isoformat(), "to": g.end.isoformat()} for g in summary.gaps],
    }


def plain_alarm(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as a record holds it."""
    seen_by = alarm.acknowledged_by
    return {
        "cause": alarm.cause,
        "severity": alarm.severity,
        "limit": alarm.limit,
        "extreme": alarm.extreme,
        "since": alarm.since,
        "raised_at": alarm.raised_at,
        "escalated_at": alarm.escalated_at,
        "cleared_at": alarm.cleared_at,
        "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": None if seen_by is None else seen_by.full_name,
        "comment": alarm.comment,
    }


def _text(value: Any) -> str | None:
    return None if value is None else format(value.normalize(), "f")
