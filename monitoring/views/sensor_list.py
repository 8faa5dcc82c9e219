"""The sensors of a person's sites: filtered, page by page, or all of them as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.models import User
from audit.permissions import sites_of
from audit.views import roles_required
from kernel.quantities import unit_label
from monitoring.models import QUANTITIES, Alarm, Sensor
from monitoring.permissions import READERS
from monitoring.queries import limits_in_force, open_alarms, sensors_seen
from monitoring.reports.charts import shown_value
from monitoring.rules.limits import LIMITS, LimitSet
from monitoring.rules.quality import word_of

PAGE = 50
LONGEST_SEARCH = 64
HEADS = [
    {"label": "Sensor"},
    {"label": "Place"},
    {"label": "Now", "is_number": True},
    {"label": "Limits", "is_number": True},
    {"label": "State"},
]
COLUMNS = (
    "sensor", "name", "place", "site", "quantity", "value", "unit", "at", "quality", *LIMITS,
    "alarm", "alarm_cause", "alarm_raised_at",
)  # fmt: skip


def sites_of_person(request: HttpRequest) -> set[int] | None:
    """Return the sites whose sensors the person may see; None is all."""
    user = request.user
    return sites_of(user) if isinstance(user, User) else set()


def is_part(request: HttpRequest) -> bool:
    """Say whether the page only wants its live part anew."""
    return request.headers.get("HX-Request") == "true"


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Return the filters of the address that say something we know."""
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    asked = {
        "state": request.GET.get("state", "") if request.GET.get("state") == "alarm" else "",
        "quantity": quantity if (quantity := request.GET.get("quantity")) in QUANTITIES else "",
        "q": search if search.isprintable() else "",
    }
    return {name: value for name, value in asked.items() if value}


@roles_required(*READERS)
@require_safe
def sensor_list(request: HttpRequest) -> HttpResponseBase:
    """Show the sensors of the person's sites, those in alarm first; the address holds the filter."""
    sites, chosen = sites_of_person(request), _chosen(request)
    alarms = {alarm.sensor_id: alarm for alarm in open_alarms(sites)}
    sensors = _filtered(sites, chosen, alarms)
    if request.GET.get("format") == "csv":
        limits = limits_in_force([one.pk for one in sensors])
        rows = (_csv_row(one, alarms.get(one.pk), limits[one.pk]) for one in sensors)
        return csv_response(request, "sensors", COLUMNS, rows)
    after = request.GET.get("after", "")
    start = next((place for place, one in enumerate(sensors, 1) if one.code == after), 0)
    shown = sensors[start : start + PAGE]
    limits = limits_in_force([one.pk for one in shown])
    following = {**chosen, "after": shown[-1].code} if len(sensors) > start + PAGE else {}
    context = {
        "columns": HEADS,
        "rows": [_row(one, alarms.get(one.pk), limits[one.pk]) for one in shown],
        "open_count": len(alarms),
        "topics": "sensors,alarms",
        "chosen": chosen,
        "quantities": list(QUANTITIES),
        "here": f"/sensors/?{urlencode({**chosen, 'after': after} if start else chosen)}",
        "csv_href": f"?{urlencode({**chosen, 'format': 'csv'})}",
        "pager": {
            "shown": len(shown),
            "total": len(sensors),
            "noun": "sensors",
            "prev_word": "First",
            "prev_href": f"/sensors/?{urlencode(chosen)}" if start else "",
            "next_word": "Next",
            "next_href": f"/sensors/?{urlencode(following)}" if following else "",
        },
    }
    template = "monitoring/_sensors.html" if is_part(request) else "monitoring/sensors.html"
    return render(request, template, context)


def _filtered(
    sites: set[int] | None, chosen: dict[str, str], alarms: dict[int, Alarm]
) -> list[Sensor]:
    """Return the sensors that a filter leaves, those in alarm first."""
    found = sensors_seen(sites)
    if "quantity" in chosen:
        found = found.filter(quantity=chosen["quantity"])
    if text := chosen.get("q"):
        found = found.filter(
            Q(code__icontains=text)
            | Q(name__icontains=text)
            | Q(equipment__code__icontains=text)
            | Q(equipment__name__icontains=text)
        )
    rows = [one for one in found if "state" not in chosen or one.pk in alarms]
    return sorted(rows, key=lambda one: (one.pk not in alarms, one.code))


def _row(sensor: Sensor, alarm: Alarm | None, limits: LimitSet) -> dict[str, Any]:
    return {
        "href": f"/sensors/{quote(sensor.code)}/",
        "sensor": sensor,
        "value": shown_value(sensor),
        "unit": unit_label(sensor.unit),
        "limits": _range_in_words(limits),
        "alarm": alarm,
    }


def _range_in_words(limits: LimitSet) -> str:
    low, high = limits.critical_low, limits.critical_high
    if low is not None and high is not None:
        return f"{low.normalize():f} to {high.normalize():f}"
    if high is not None:
        return f"at most {high.normalize():f}"
    return "none" if low is None else f"at least {low.normalize():f}"


def _csv_row(sensor: Sensor, alarm: Alarm | None, limits: LimitSet) -> list[Any]:
    last = sensor.condition
    return [
        sensor.code, sensor.name, sensor.equipment.code, sensor.site.code, sensor.quantity,
        shown_value(sensor), sensor.unit, last.last_at,
        None if last.last_at is None else word_of(last.last_quality),
        *(limits.limit(name) for name in LIMITS),
        *((None, None, None) if alarm is None else (alarm.severity, alarm.cause, alarm.raised_at)),
    ]  # fmt: skip
