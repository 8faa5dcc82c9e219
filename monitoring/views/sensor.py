"""One sensor: its trend, its limits, its alarms page by page or as CSV, and the answer to one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.csv import csv_response
from audit.edges import act_of_request, now
from audit.permissions import holds
from audit.views import roles_required
from kernel.errors import Invalid
from kernel.quantities import unit_label
from monitoring.commands import acknowledge_alarm
from monitoring.models import Alarm, Sensor
from monitoring.permissions import READERS, WATCHERS
from monitoring.queries import alarms_of, limits_from, limits_in_force, sensor_coded, watch_over
from monitoring.reports.charts import chart_of, limit_rows, shown_value
from monitoring.views.sensor_list import is_part, sites_of_person

PAGE = 50
HOURS = {"15m": 900, "1h": 3600, "8h": 28_800, "24h": 86_400, "7d": 604_800}
ALARMS = timedelta(days=7)
COLUMNS = (
    "sensor", "cause", "severity", "limit", "worst", "unit", "since", "raised_at", "escalated_at",
    "cleared_at", "acknowledged_at", "acknowledged_by", "comment",
)  # fmt: skip


@roles_required(*READERS)
@require_safe
def sensor_page(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show one sensor: its trend with limits, its limits in words, its alarms, newest first."""
    sensor = sensor_coded(code, sites=sites_of_person(request))
    asked = request.GET.get("window", "15m")
    window = asked if asked in HOURS else "15m"
    at = now()
    limits = limits_in_force([sensor.pk])[sensor.pk]
    alarms = alarms_of(sensor, at - ALARMS, at + timedelta(days=1))[::-1]
    if request.GET.get("format") == "csv":
        rows = (_csv_row(one, sensor) for one in alarms)
        return csv_response(request, f"alarms-{sensor.code}", COLUMNS, rows)
    shown, pager = _alarm_page(request, alarms, window)
    page = {
        "sensor": sensor,
        "unit": unit_label(sensor.unit),
        "value": shown_value(sensor),
        "limits": limit_rows(limits),
        "limit_set": limits,
        "alarms": shown,
        "pager": pager,
        "here": request.get_full_path(),
        "alarm": next((alarm for alarm in alarms if alarm.cleared_at is None), None),
        "extreme": sensor.condition.extreme,
        "windows": list(HOURS),
        "window": window,
        "seconds": HOURS[window],
        "seconds_text": str(HOURS[window]),
        "topics": f"sensor:{sensor.code}",
        "may_acknowledge": holds(request.user, *WATCHERS, site_id=sensor.site_id),
    }
    template = "monitoring/_sensor.html" if is_part(request) else "monitoring/sensor.html"
    return render(request, template, page)


def _alarm_page(
    request: HttpRequest, alarms: list[Alarm], window: str
) -> tuple[list[Alarm], dict[str, Any]]:
    """Return the page of alarms that the address asks for, and its pager."""
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
    older = [one for one in alarms if before is None or one.pk < before]
    shown = older[:PAGE]
    following = {"window": window, "before": shown[-1].pk} if len(older) > PAGE else {}
    return shown, {
        "shown": len(shown),
        "total": len(alarms),
        "noun": "alarms",
        "prev_href": "" if before is None else f"?{urlencode({'window': window})}",
        "next_href": f"?{urlencode(following)}" if following else "",
    }


def _csv_row(one: Alarm, sensor: Sensor) -> list[Any]:
    seen_by = one.acknowledged_by
    # The worst value of an open alarm is not yet on its record.
    worst = one.extreme if one.cleared_at else sensor.condition.extreme
    return [
        sensor.code, one.cause, one.severity, one.limit, worst, sensor.unit, one.since,
        one.raised_at, one.escalated_at, one.cleared_at, one.acknowledged_at,
        None if seen_by is None else seen_by.full_name, one.comment,
    ]  # fmt: skip


@roles_required(*READERS)
@require_safe
def readings_json(request: HttpRequest, code: str) -> HttpResponse:
    """Return what the chart draws of the last ``seconds`` seconds, before ``until`` if given.

    With ``batch`` its limits are those that the sensor watched over that batch with.

    Raises:
        Invalid: ``seconds`` is not a number from 60 to 604800, or ``until`` is not a time.
        NotFound: the sensor did not watch over that batch.
    """
    sensor = sensor_coded(code, sites=sites_of_person(request))
    text = request.GET.get("seconds", "900")
    if not text.isascii() or not text.isdigit() or not 60 <= int(text[:9]) <= 604_800:
        raise Invalid("seconds is a number from 60 to 604800.", pointer="#/query/seconds")
    span = timedelta(seconds=int(text))
    until = _until(request)
    at = now()
    end = at + timedelta(seconds=60) if until is None else until
    start = (at if until is None else until) - span
    batch = request.GET.get("batch")
    limits = None if batch is None else limits_from(watch_over(batch, sensor).limits)
    return JsonResponse(chart_of(sensor, start, end, limits=limits))


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
