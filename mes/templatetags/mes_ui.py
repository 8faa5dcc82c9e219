"""Template tags of the house; every template has them without loading (settings, builtins)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.urls import resolve
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from audit.permissions import holds
from kernel.canonical import plain
from kernel.quantities import UNITS, unit_label
from mes.appearance import NAVIGATION, look, word
from mes.icons import ICONS

register = template.Library()

# Fixed English names: a record must not read differently under another locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOTHING = "—"


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """Return an icon as inline SVG, hidden from screen readers: a word always stands beside it."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
        ' aria-hidden="true" focusable="false">{1}</svg>',
        size,
        mark_safe(ICONS.get(name, ICONS["circle"])),  # noqa: S308 - our own constants
    )


@register.inclusion_tag("components/_badge.html")
def badge(state: str, label: str = "", size: str = "") -> dict[str, str]:
    """Show a state as icon and word in its color.

    Args:
        state: a state of one of the tables, a severity, or a verdict.
        label: the word to show instead of the usual one.
        size: "lg" for operator screens.
    """
    shown = look(str(state))
    return {"tone": shown.tone, "icon": shown.icon, "word": label or word(str(state)), "size": size}


@register.filter
def state_word(state: str) -> str:
    """Return a state as a reader would say it."""
    return word(str(state))


@register.filter
def tone(state: str) -> str:
    """Return the tone of a state, for `class="tone-…"`."""
    return look(str(state)).tone


@register.filter
def utc(moment: datetime | None) -> str:
    """Return a time as it stands on records: 22 Nov 2026 14:05:09 UTC."""
    if moment is None or moment == "":
        return NOTHING
    at = moment.astimezone(UTC)
    return f"{at.day:02} {MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} UTC"


@register.filter
def day(when: date | None) -> str:
    """Return a date with its month in letters: 22 Nov 2026."""
    if when is None or when == "":
        return NOTHING
    if isinstance(when, datetime):
        when = when.astimezone(UTC)
    return f"{when.day:02} {MONTHS[when.month - 1]} {when.year:04}"


@register.filter
def iso(moment: datetime | None) -> str:
    """Return a time for machines and scripts: 2026-11-22T14:05:09.120Z."""
    if moment is None or moment == "":
        return ""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.simple_tag
def at(moment: datetime | None) -> SafeString:
    """Return a `<time>` element: the record form for people, ISO 8601 for machines."""
    if moment is None or moment == "":
        return format_html('<span class="text-secondary">{}</span>', NOTHING)
    return format_html('<time datetime="{}">{}</time>', iso(moment), utc(moment))


@register.filter
def decimal(value: Decimal | int | str | None, places: int | None = None) -> str:
    """Return a number without exponent or grouping, rounded half up when `places` is given.

    Without `places` the digits stay as they were recorded, trailing zeros included.
    """
    if value is None or value == "":
        return NOTHING
    number = Decimal(str(value))
    if not number.is_finite():
        return NOTHING
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return format(number, "f")


@register.filter
def normalized(value: Decimal | None) -> str:
    """Return a stored number as the ledger writes it: no exponent, no zeros at its end."""
    return NOTHING if value is None else str(plain(value))


@register.filter
def unit(code: str | None) -> str:
    """Return a unit as people read it: °C for Cel; what is no code of ours stays as it is."""
    return unit_label(code) if code in UNITS else code or ""


@register.filter
def duration(span: timedelta | None) -> str:
    """Return a span in its two largest units: 3 d 04 h, 2 h 05 min, 4 min 09 s."""
    if span is None or span == "":
        return NOTHING
    seconds = int(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    days, hours = divmod(seconds // 3600, 24)
    minutes = seconds // 60 % 60
    if days:
        return f"{sign}{days} d {hours:02} h"
    if hours:
        return f"{sign}{hours} h {minutes:02} min"
    return f"{sign}{minutes} min {seconds % 60:02} s"


@register.filter
def short_digest(digest: str) -> str:
    """Return the first sixteen characters of a digest in groups of four, to compare by eye."""
    return " ".join(str(digest)[i : i + 4] for i in range(0, min(16, len(str(digest))), 4))


@register.simple_tag(takes_context=True)
def nav_items(context: template.Context) -> list[dict[str, Any]]:
    """Return what this person may open of the navigation, this page marked as current."""
    request = context.get("request")
    path, user = getattr(request, "path", ""), getattr(request, "user", None)
    return [
        {"item": item, "is_current": item.is_current(path)}
        for item in NAVIGATION
        if _may_open(user, item.href)
    ]


def _may_open(user: Any, href: str) -> bool:
    roles = getattr(resolve(href).func, "roles", ())
    return not roles or holds(user, *roles)


@register.simple_tag
def widget(field: BoundField, autofocus: bool = False) -> SafeString:
    """Return the input of a form field with the classes and the links a reader needs."""
    kind = field.field.widget
    style = "form-control"
    if isinstance(kind, CheckboxInput):
        style = "form-check-input"
    elif isinstance(kind, Select) and kind.input_type == "select":
        style = "form-select"
    attrs: dict[str, Any] = {"class": f"{kind.attrs.get('class', '')} {style}".strip()}
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        attrs["class"] += " is-invalid"
        described.append(f"{field.auto_id}_error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if autofocus:
        attrs["autofocus"] = True
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Say whether the field is a single tick box, whose label comes after it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def listed(items: Iterable[Any]) -> str:
    """Return a list in words: a, b and c."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
