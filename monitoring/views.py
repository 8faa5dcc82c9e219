"""Pages of the sensors: the list, one sensor with its trend, and the answer to an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request, now
from audit.models import User
from audit.permissions import holds, sites_of
from audit.views import roles_required
from kernel.errors import Invalid
from kernel.quantities import unit_label
from monitoring.commands import acknowledge_alarm
from monitoring.models import Alarm, Sensor
from monitoring.permissions import READERS, WATCHERS
from monitoring.queries import alarms_of, limits_in_force, open_alarms, sensor_coded, sensors_seen
from monitoring.reports.charts import chart_of, limit_rows, shown_value
from monitoring.rules.limits import LimitSet

HOURS = {"15m": 900, "1h": 3600, "8h": 28_800, "24h": 86_400, "7d": 604_800}
COLUMNS = [
    {"label": "Sensor"},
    {"label": "Place"},
    {"label": "Now", "is_number": True},
    {"label": "Limits", "is_number": True},
    {"label": "State"},
]
ALARMS = timedelta(days=7)


def _sites(request: HttpRequest) -> set[int] | None:
    user = request.user
    return sites_of(user) if isinstance(user, User) else set()


@roles_required(*READERS)
@require_safe
def sensor_list(request: HttpRequest) -> HttpResponse:
    """Show every sensor of the person's sites, those in alarm first."""
    sites = _sites(request)
    sensors = list(sensors_seen(sites))
    alarms = {alarm.sensor_id: alarm for alarm in open_alarms(sites)}
    limits = limits_in_force([sensor.pk for sensor in sensors])
    sensors.sort(key=lambda one: (one.pk not in alarms, one.code))
    rows = [_row(one, alarms.get(one.pk), limits[one.pk]) for one in sensors]
    template = "monitoring/_sensors.html" if _is_part(request) else "monitoring/sensors.html"
    page = {
        "columns": COLUMNS,
        "rows": rows,
        "open_count": len(alarms),
        "topics": "sensors,alarms",
        "empty": {
            "title": "No sensors",
            "text": "A sensor is added with its room or equipment.",
            "icon_name": "chart",
        },
    }
    return render(request, template, page)


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


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


@roles_required(*READERS)
@require_safe
def sensor_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one sensor: its trend with limits, its limits in words, its alarms."""
    sensor = sensor_coded(code, sites=_sites(request))
    window = request.GET.get("window", "15m")
    at = now()
    limits = limits_in_force([sensor.pk])[sensor.pk]
    alarms = alarms_of(sensor, at - ALARMS, at + timedelta(days=1))[::-1]
    page = {
        "sensor": sensor,
        "unit": unit_label(sensor.unit),
        "value": shown_value(sensor),
        "limits": limit_rows(limits),
        "limit_set": limits,
        "alarms": alarms[:50],
        "alarm": next((alarm for alarm in alarms if alarm.cleared_at is None), None),
        "extreme": sensor.condition.extreme,
        "windows": list(HOURS),
        "window": window if window in HOURS else "15m",
        "seconds": HOURS.get(window, HOURS["15m"]),
        "seconds_text": str(HOURS.get(window, HOURS["15m"])),
        "topics": f"sensor:{sensor.code}",
        "may_acknowledge": holds(request.user, *WATCHERS, site_id=sensor.site_id),
    }
    template = "monitoring/_sensor.html" if _is_part(request) else "monitoring/sensor.html"
    return render(request, template, page)


@roles_required(*READERS)
@require_safe
def readings_json(request: HttpRequest, code: str) -> HttpResponse:
    """Return what the chart draws of the last ``seconds`` seconds, before ``until`` if given.

    Raises:
        Invalid: ``seconds`` is not a number from 60 to 604800, or ``until`` is not a time.
    """
    sensor = sensor_coded(code, sites=_sites(request))
    text = request.GET.get("seconds", "900")
    if not text.isascii() or not text.isdigit() or not 60 <= int(text[:9]) <= 604_800:
        raise Invalid("seconds is a number from 60 to 604800.", pointer="#/query/seconds")
    span = timedelta(seconds=int(text))
    until = _until(request)
    at = now()
    end = at + timedelta(seconds=60) if until is None else until
    return JsonResponse(chart_of(sensor, (at if until is None else until) - span, end))


def _until(request: HttpRequest) -> datetime | None:
    text = request.GET.get("until")
    if text is None:
        return None
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        end = None
    if end is None or end.tzinfo is None or not 1970 <= end.year <= 2500:
        raise Invalid("until is a time with a zone.", pointer="#/query/until")
    return end


@roles_required(*WATCHERS)
@require_POST
def acknowledge(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Say that an alarm was seen, and go back to its sensor."""
    alarm = acknowledge_alarm(
        alarm_id=alarm_id,
        comment=request.POST.get("comment", ""),
        act=act_of_request(request),
    )
    return redirect(f"/sensors/{quote(alarm.sensor.code)}/")
