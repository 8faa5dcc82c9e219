"""Weighings in a recipe: what can be approved, and which fields go together."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import Invalid
from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from
from tests.worlds.scales import weighing_document


@pytest.mark.requirement("CGMP-08")
@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"equipment": "NOTHING"}, "/equipment", "unknown_reference"),
        ({"material": "NOTHING"}, "/material", "unknown_reference"),
        ({"unit": "mL"}, "/unit", "unit_mismatch"),
        ({"material": "BUFFER"}, "/material", "unit_mismatch"),
        ({"target": "S05"}, "/target", "unit_mismatch"),
        ({"target": "S99"}, "/target", "unknown_reference"),
        ({"critical": True}, "/verify", "no_verifier"),
    ],
)
def test_a_weighing_that_cannot_be_done_is_not_approved(
    change: dict[str, Any], pointer: str, code: str
) -> None:
    assert missing_before_approval(document_from(weighing_document())) == ()
    found = missing_before_approval(document_from(weighing_document(**change)))
    at = f"/procedure/unit_procedures/0/operations/0/steps/0{pointer}"
    assert (at, code) in [(one.pointer, one.code) for one in found]
    alone = weighing_document(critical=True, automated=True)
    assert missing_before_approval(document_from(alone)) == ()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"tolerance": "0"}, "range"),
        ({"tolerance": "1", "tolerance_percent": "1"}, "contradiction"),
        ({"tolerance_percent": "100"}, "range"),
        ({"quantity": "1", "target": "S05"}, "contradiction"),
        ({"nominal_potency": "-1"}, "range"),
        ({"beyond": "maybe"}, "unknown_word"),
    ],
)
def test_the_fields_of_a_weighing_agree(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        document_from(weighing_document(**more))
    assert code in [fault.code for fault in refused.value.errors]
