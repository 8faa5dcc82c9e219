"""Labels: what each must carry by what the medicine is, and what is printed of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recipes.rules.completeness import missing_before_approval
from recipes.rules.labels import (
    LABEL_FIELDS,
    Label,
    LabelFacts,
    missing_fields,
    printed_lines,
    required_fields,
)
from recipes.rules.lint import lint
from recipes.rules.parsing import document_from
from tests.recipes.rules.plain import demo, small

EVERY = Label(
    code="L", name="label", lines=("Handle with care",), fields=LABEL_FIELDS, volume="50 mL",
    expires_hours=72,
)  # fmt: skip
FACTS = LabelFacts(
    product="Cells",
    storage="Below -130 °C",
    patient="P-7K2M",
    donations=("G000000000001",),
    collected_at="22 Nov 2026 14:05 CET",
    expires_at="25 Nov 2026 14:05 CET",
    is_autologous=True,
)


def lacking(label: Label, *, is_autologous: bool = True, has_cells: bool = True) -> tuple[str, ...]:
    return missing_fields(
        label, product="Cells", storage="Below -130 °C", is_autologous=is_autologous,
        has_cells=has_cells,
    )  # fmt: skip


@pytest.mark.requirement("ATMP-09", "COI-06")
@pytest.mark.parametrize("name", required_fields(is_autologous=True, has_cells=True))
def test_each_field_that_is_left_out_is_named(name: str) -> None:
    assert lacking(EVERY) == ()
    changes: dict[str, Any] = {"volume": {"volume": ""}, "expires_hours": {"expires_hours": None}}
    left = {"fields": tuple(one for one in LABEL_FIELDS if one != name)}
    assert lacking(replace(EVERY, **changes.get(name, left))) == (name,)


@pytest.mark.requirement("ATMP-09", "COI-06")
@pytest.mark.parametrize(
    ("is_autologous", "has_cells", "needed"),
    [
        (False, False, {"product", "expires_hours", "storage"}),
        (True, False, {"product", "expires_hours", "storage", "autologous"}),
        (
            False,
            True,
            {"product", "expires_hours", "storage", "donor", "collected_at", "volume", "biohazard",
             "do_not_irradiate"},
        ),
    ],
)  # fmt: skip
def test_what_the_medicine_is_says_what_is_needed(
    is_autologous: bool, has_cells: bool, needed: set[str]
) -> None:
    bare = replace(EVERY, fields=(), volume="", expires_hours=None)
    assert set(lacking(bare, is_autologous=is_autologous, has_cells=has_cells)) == needed


def test_words_that_never_change_may_stand_in_the_lines() -> None:
    lines = ("CELLS for infusion", "for autologous", "USE only", "Biohazard. Do not  irradiate.")
    written = replace(EVERY, lines=lines, fields=("donor", "collected_at"))
    assert lacking(written) == ("storage",)
    assert lacking(replace(written, lines=lines[:1])) == (
        "storage", "autologous", "biohazard", "do_not_irradiate",
    )  # fmt: skip


@pytest.mark.requirement("ATMP-09", "COI-06")
@pytest.mark.parametrize(
    ("changed", "pointer", "told"),
    [
        ({"expires_hours": None}, "expires_hours", "when it expires, with the time"),
        ({"volume": ""}, "volume", "the volume"),
        ({"fields": ["product", "storage", "autologous", "donor", "collected_at", "biohazard"]},
         "fields", "“DO NOT IRRADIATE”"),
        ({"fields": ["product", "storage", "donor", "collected_at", "biohazard",
                     "do_not_irradiate"]}, "fields", "“FOR AUTOLOGOUS USE ONLY”"),
    ],
)  # fmt: skip
def test_lint_and_approval_name_what_a_label_lacks(
    changed: dict[str, Any], pointer: str, told: str
) -> None:
    plain = demo("CART-19")
    assert missing_before_approval(document_from(plain)) == ()
    plain["header"]["labels"][0] |= changed
    document = document_from(plain)
    (fault,) = missing_before_approval(document)
    assert (fault.pointer, fault.code) == (f"/header/labels/0/{pointer}", "missing_on_label")
    assert fault.detail == f"The label of the infusion bag does not say {told}."
    assert [one.detail for one in lint(document) if one.severity == "error"] == [fault.detail]


def test_an_expiry_counts_from_a_step_that_is_there() -> None:
    plain = small()
    plain["header"]["labels"][0]["expires_from"] = "S9"
    (fault,) = missing_before_approval(document_from(plain))
    assert (fault.pointer, fault.code) == ("/header/labels/0/expires_from", "unknown_reference")


@pytest.mark.requirement("ATMP-09", "COI-06")
def test_every_field_is_printed_and_filled() -> None:
    assert printed_lines(EVERY, FACTS) == (
        "Cells",
        "FOR AUTOLOGOUS USE ONLY",
        "Handle with care",
        "Donor and recipient P-7K2M, donation G000000000001",
        "Collected 22 Nov 2026 14:05 CET",
        "Volume 50 mL",
        "Expires 25 Nov 2026 14:05 CET",
        "Store: Below -130 °C",
        "BIOHAZARD",
        "DO NOT IRRADIATE",
    )


def test_a_label_of_the_first_form_is_printed_as_it_was() -> None:
    plain = small()
    plain["header"]["labels"] = [{"code": "VIAL", "name": "label of the vial", "lines": ["Small"]}]
    (label,) = document_from(plain).header.labels
    assert printed_lines(label, replace(FACTS, expires_at="")) == ("Small",)
