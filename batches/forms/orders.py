"""What people fill in on the screens of orders; the commands judge it, the forms only carry it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from batches.forms.fields import Choices, CommandForm, Day, Moment, Number, short_text
from batches.rules.orders import SEXES, WantedOrder
from kernel.errors import Invalid, Refusal
from supply.rules.isbt128 import donation_number_from

BAGS = 4


class OrderForm(CommandForm):
    """A patient-specific order, typed in by a planner."""

    places = {
        "/patient/identifiers": "identifier_value",
        "/collection": "planned_at",
        "/administration_window": "administer_from",
        "/administration_window/from": "administer_from",
        "/administration_window/to": "administer_to",
        "/consent/signed_at": "consent_signed_at",
    }

    site = forms.ChoiceField(label="Ordering site")
    therapy = forms.ChoiceField(label="Therapy")
    external_id = short_text("Order number of the hospital", 64)
    identifier_system = short_text(
        "Identifier system", 200, help_text="Who gave the number, as urn:oid:1.2.36.146.595.217.0.1"
    )
    identifier_value = short_text("Identifier", 100)
    other_system = short_text("Second identifier system", 200, required=False)
    other_value = short_text("Second identifier", 100, required=False)
    family_name = short_text("Family name", 200)
    given_name = short_text("Given name", 200)
    birth_date = Day(label="Birth date")
    sex = forms.ChoiceField(
        label="Sex", choices=[("", "Choose"), *((one, one.capitalize()) for one in SEXES)]
    )
    weight_kg = Number(label="Weight", max_length=20)
    height_cm = Number(label="Height", max_length=20)
    planned_at = Moment(
        label="Planned collection (UTC)",
        required=False,
        help_text="Needed where the therapy is made from the patient's own material.",
    )
    administer_from = Day(label="Administration from")
    administer_to = Day(label="Administration to")
    prescriber_identifier = short_text("Prescriber's identifier", 64)
    prescriber_name = short_text("Prescriber's name", 200)
    consent_reference = short_text("Consent reference", 64)
    consent_signed_at = Moment(label="Consent signed (UTC)")

    def __init__(self, *args: Any, sites: Choices, therapies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {"site": ("Choose a site", sites), "therapy": ("Choose a therapy", therapies)}
        for name, (nothing, choices) in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField), "these two are chosen from a list"
            field.choices = [("", nothing), *choices]

    def clean(self) -> dict[str, Any]:
        """Refuse half of a second identifier."""
        given = super().clean() or {}
        if bool(given.get("other_system")) != bool(given.get("other_value")):
            self.add_error("other_value", "An identifier has a system and a value.")
        return given

    def wanted(self) -> WantedOrder:
        """Return what is asked for; the form was found valid."""
        given = self.cleaned_data
        identifiers = [(given["identifier_system"], given["identifier_value"])]
        if given["other_system"]:
            identifiers.append((given["other_system"], given["other_value"]))
        return WantedOrder(
            external_id=given["external_id"],
            therapy=given["therapy"],
            identifiers=tuple(identifiers),
            family_name=given["family_name"],
            given_name=given["given_name"],
            birth_date=given["birth_date"],
            sex=given["sex"],
            weight_kg=given["weight_kg"],
            height_cm=given["height_cm"],
            collection_planned_at=given["planned_at"],
            administer_from=given["administer_from"],
            administer_to=given["administer_to"],
            prescriber_identifier=given["prescriber_identifier"],
            prescriber_name=given["prescriber_name"],
            consent_reference=given["consent_reference"],
            consent_signed_at=given["consent_signed_at"],
        )


class CollectionForm(CommandForm):
    """What was collected from the patient of an order: a donation and its bags."""

    donation_number = short_text(
        "Donation number",
        24,
        help_text="With its check character, as G1234 98 654321 H, or as scanned.",
    )
    collected_at = Moment(label="Collected (UTC)")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, BAGS + 1):
            self.fields[f"bag_{number}"] = short_text(f"Bag {number}, code", 40, required=False)
            self.fields[f"volume_{number}"] = Number(
                label=f"Bag {number}, volume", max_length=20, required=False
            )

    def clean_donation_number(self) -> str:
        """Return the thirteen characters, found right by their check character."""
        try:
            return donation_number_from(self.cleaned_data["donation_number"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.detail, code=refusal.code) from None

    def clean(self) -> dict[str, Any]:
        """Refuse volumes that no bag has, and a donation without a bag."""
        given = super().clean() or {}
        for number in range(1, BAGS + 1):
            volume = given.get(f"volume_{number}")
            if volume is not None and not (0 < volume <= 100_000 and volume == round(volume, 3)):
                self.add_error(
                    f"volume_{number}", "Above 0 and at most 100000 mL, at most three decimals."
                )
        if not self.errors and not self.bags():
            self.add_error("bag_1", "A collection has a bag: give its code or its volume.")
        return given

    def bags(self) -> list[tuple[str | None, Decimal | None]]:
        """Return (code, volume) of every bag that was filled in."""
        given = self.cleaned_data
        rows = [
            (given.get(f"bag_{number}") or None, given.get(f"volume_{number}"))
            for number in range(1, BAGS + 1)
        ]
        return [row for row in rows if row != (None, None)]

    def blame(self, refusal: Refusal) -> None:
        """Put the faults beside their fields; a bag's is counted from 0 in a pointer."""
        filled = [
            number
            for number in range(1, BAGS + 1)
            if self.cleaned_data.get(f"bag_{number}")
            or self.cleaned_data.get(f"volume_{number}") is not None
        ]
        self.places = {f"/bags/{place}/code": f"bag_{n}" for place, n in enumerate(filled)}
        super().blame(refusal)
