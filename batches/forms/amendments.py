"""What people fill in to amend a running batch; the commands judge it, the forms only carry it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from batches.forms.fields import Choices, CommandForm, Number, long_text, short_text
from batches.rules.amendments import Change
from kernel.quantities import text_of, unit_label

RANGES = {"hard": "Never beyond", "soft": "Expected"}
TIMES = {
    "min_seconds": "At least",
    "max_seconds": "At most",
    "earliest_seconds": "Not before",
    "latest_seconds": "Not after",
}


class AmendmentForm(CommandForm):
    """What a place of a running batch shall read, field by field, from what it reads now.

    Args:
        before: the fields that may be changed, exactly as they stand in the plain document.
        unit: of the numbers, for the words beside them.
    """

    reason = long_text("Why", 1000)

    def __init__(
        self, *args: Any, what: Any, place: str, before: dict[str, Any], unit: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.what, self.place, self.before, self.unit = what, place, before, unit
        made: dict[str, forms.Field] = {}
        for name, value in before.items():
            made |= _fields_of(name, value, unit_label(unit))
        self.fields = {**made, "reason": self.fields.pop("reason")}

    def change(self) -> Change:
        """Return the change that is asked for: the fields that differ; the form was found valid."""
        after = {name: self._after(name, value) for name, value in self.before.items()}
        differing = [name for name, value in after.items() if value != self.before[name]]
        if self.what == "change_quantity" and differing:
            # A quantity and its unit stand together.
            differing, after["unit"] = list(self.before), self.before["unit"] or self.unit
        return Change(
            what=self.what,
            place=self.place,
            before={name: self.before[name] for name in differing},
            after={name: after[name] for name in differing},
        )

    def _after(self, name: str, before: Any) -> Any:
        given = self.cleaned_data
        if name in RANGES:
            ends = {end: _plain(given.get(f"{name}_{end}")) for end in ("min", "max")}
            kept = before or {"min_exclusive": False, "max_exclusive": False}
            return {**kept, **ends} if any(ends.values()) else None
        if name == "unit":
            return before
        return given.get(name) if name in TIMES else _plain(given.get(name))


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else text_of(number)


def _fields_of(name: str, value: Any, unit: str) -> dict[str, forms.Field]:
    """Return the inputs of one field of a document, with what it reads now."""
    beside = f" ({unit})" if unit else ""
    if name in RANGES:
        ends = (("min", "lowest"), ("max", "highest"))
        return {
            f"{name}_{end}": Number(
                label=f"{RANGES[name]}, {words}{beside}",
                max_length=40,
                required=False,
                initial=(value or {}).get(end),
            )
            for end, words in ends
        }
    if name in TIMES:
        label = f"{TIMES[name]} (seconds)"
        return {name: forms.IntegerField(label=label, required=False, initial=value)}
    if name == "unit":
        return {}
    words = "Target" if name == "default" else name.capitalize()
    return {name: Number(label=f"{words}{beside}", max_length=40, initial=value)}


class AddedStepForm(CommandForm):
    """A step that is to be added to a running batch."""

    kinds = (
        ("confirm", "Confirm, point by point"),
        ("instruction", "Read an instruction"),
        ("text", "Enter words"),
        ("number", "Enter a number"),
        ("timer", "Let time pass"),
    )
    places = {"/min_seconds": "min_seconds", "/max_seconds": "max_seconds"}

    title = short_text("Title", 200)
    instruction = long_text("Instruction", 2000)
    code = short_text("Code", 24)
    role = forms.ChoiceField(label="Done by", choices=[("operator", "operator"), ("qa", "quality")])
    verify = forms.BooleanField(label="A second person verifies it", required=False)
    critical = forms.BooleanField(label="Critical", required=False)
    reason = long_text("Why", 1000)

    def __init__(
        self, *args: Any, place: str, kind: str, parameters: Choices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.place, self.kind = place, kind
        reason = self.fields.pop("reason")
        if kind == "confirm":
            self.fields["checks"] = long_text(
                "Points to confirm, one on a line", 2000, required=False
            )
        elif kind == "number":
            self.fields["parameter"] = forms.ChoiceField(label="Parameter", choices=parameters)
            self.fields["decimals"] = forms.IntegerField(
                label="Decimals", min_value=0, max_value=10
            )
            self.fields |= _fields_of("soft", None, "") | _fields_of("hard", None, "")
        elif kind == "timer":
            self.fields["min_seconds"] = forms.IntegerField(label="At least (seconds)", min_value=0)
            self.fields["max_seconds"] = forms.IntegerField(
                label="At most (seconds)", min_value=1, required=False
            )
        self.fields["reason"] = reason

    def change(self, units: dict[str, str]) -> Change:
        """Return the change that is asked for; the form was found valid.

        Args:
            units: of the parameters, by their codes.
        """
        given = self.cleaned_data
        step: dict[str, Any] = {
            "kind": self.kind,
            "code": given["code"],
            "title": given["title"],
            "instruction": given["instruction"].replace("\r\n", "\n"),
            "roles": [given["role"]],
            "verify": given["verify"],
            "critical": given["critical"],
        }
        if self.kind == "confirm":
            lines = given["checks"].splitlines()
            step["checks"] = [line.strip() for line in lines if line.strip()]
        elif self.kind == "number":
            step |= {"parameter": given["parameter"], "decimals": given["decimals"]}
            step["unit"] = units.get(given["parameter"], "1")
            for name in RANGES:
                ends = {end: _plain(given.get(f"{name}_{end}")) for end in ("min", "max")}
                step |= {name: ends} if any(ends.values()) else {}
        elif self.kind == "timer":
            step |= {name: given[name] for name in ("min_seconds", "max_seconds")}
        return Change(what="add_step", place=self.place, before={}, after={"step": step})
