"""The fields that the forms of this floor share, and a form that shows what a command refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms

from batches.rules.entries import TURNING
from kernel.errors import Invalid, Refusal
from kernel.quantities import decimal_from

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?", re.ASCII)
Choices = list[tuple[str, str]]


class PlainText(forms.CharField):
    """Text without control characters, and without what turns the direction of writing."""

    def to_python(self, value: Any) -> str:
        """Return the text without the white space around it."""
        text = str(super().to_python(value))
        is_control = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
        if is_control or TURNING.search(text):
            raise forms.ValidationError("Text holds no control characters.", code="control")
        return text


class Number(PlainText):
    """A decimal number, exactly as typed; a comma is taken for the point."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def clean(self, value: Any) -> Decimal | None:
        """Return the number, or None where none is needed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return decimal_from(text)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.detail, code=refusal.code) from None


class Day(PlainText):
    """A day, as YYYY-MM-DD."""

    # A date field of a browser shows 03/04 by its own language: written out, it means one day.
    widget = forms.TextInput(attrs={"placeholder": "YYYY-MM-DD", "autocomplete": "off"})

    def clean(self, value: Any) -> date | None:
        """Return the day, or None where none is needed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            if DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise forms.ValidationError("There is no such day: write YYYY-MM-DD.", code="date")


class Moment(PlainText):
    """A moment in UTC, to the minute."""

    widget = forms.TextInput(attrs={"placeholder": "YYYY-MM-DD HH:MM", "autocomplete": "off"})

    def clean(self, value: Any) -> datetime | None:
        """Return the moment, or None where none is needed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            if MOMENT.fullmatch(text):
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            pass
        raise forms.ValidationError(
            "There is no such time: write YYYY-MM-DD HH:MM, in UTC.", code="datetime"
        )


class CommandForm(forms.Form):
    """A form that can show what a command refused, each fault beside its field."""

    # Where the pointer of a fault is not the name of a field.
    places: dict[str, str] = {}

    def blame(self, refusal: Refusal) -> None:
        """Put the faults of a refusal beside their fields."""
        for error in refusal.errors:
            name = self.places.get(error.pointer, error.pointer.rpartition("/")[2])
            self.add_error(name if name in self.fields else None, error.detail)
        if not refusal.errors:
            self.add_error(None, refusal.detail)


def short_text(label: str, longest: int, **more: Any) -> PlainText:
    """Return a field for one line of text."""
    return PlainText(
        label=label,
        max_length=longest,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        **more,
    )


def long_text(label: str, longest: int, *, rows: int = 3, **more: Any) -> forms.CharField:
    """Return a field for words of several lines."""
    return forms.CharField(
        label=label, max_length=longest, widget=forms.Textarea(attrs={"rows": rows}), **more
    )
