"""21 CFR 211.186(b)(1) to (9): each content taken away, and approval refused naming it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from audit.models import Signature
from audit.signing import digest_of
from kernel.errors import Conflict, Invalid
from recipes import commands
from recipes.models import RecipeVersion
from recipes.queries import version_statement
from recipes.rules.completeness import missing_before_approval
from recipes.rules.editing import value_at
from recipes.rules.parsing import document_from
from tests.worlds.audit import act_by, proof_of
from tests.worlds.recipes import checked_version, drafted_version, plain_document, quality

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("CGMP-03")]
# What each paragraph asks for, where it stands, and what is left of it when it is taken away.
CONTENTS: dict[str, dict[str, Any]] = {
    "(b)(1)": {
        "/header/product/name": "",
        "/header/product/strength": "",
        "/header/product/dosage_form": "",
    },
    "(b)(2)": {"/header/product/active_ingredient": "", "/header/product/active_quantity": ""},
    "(b)(3)": {"/formula/materials": []},
    "(b)(4)": {"/formula/materials/0/quantity": "0"},
    "(b)(5)": {"/formula/excess": ""},
    "(b)(6)": {"/formula/stages": []},
    "(b)(7)": {"/header/theoretical_yield": None},
    "(b)(8)": {
        "/header/container_closure": "",
        "/header/labels": [],
        "/header/labels/0/lines": [],
    },
    "(b)(9)": {
        "/procedure/unit_procedures/0/operations/1/steps/2/instruction": "",
        "/equipment_requirements": [],
        "/header/storage": "",
        "/other_information/precautions": [],
    },
}
EACH = [(paragraph, place) for paragraph, places in CONTENTS.items() for place in places]


def without(place: str, left: Any) -> dict[str, Any]:
    plain = deepcopy(plain_document(autologous=False))
    above, _, key = place.rpartition("/")
    value_at(plain, above)[key] = left
    return plain


def test_the_small_record_has_all_nine() -> None:
    assert missing_before_approval(document_from(plain_document())) == ()


@pytest.mark.parametrize(("paragraph", "place"), EACH)
def test_each_content_that_is_taken_away_is_named(paragraph: str, place: str) -> None:
    told = missing_before_approval(document_from(without(place, CONTENTS[paragraph][place])))
    assert (place, "missing") in [(one.pointer, one.code) for one in told]


@pytest.mark.parametrize("paragraph", CONTENTS)
def test_without_it_nobody_can_approve_and_the_refusal_names_it(paragraph: str) -> None:
    place, left = next(iter(CONTENTS[paragraph].items()))
    plain = deepcopy(plain_document())
    above, _, key = place.rpartition("/")
    value_at(plain, above)[key] = left
    version = checked_version(drafted_version(**plain))
    with pytest.raises(Conflict) as refused:
        commands.approve_version(
            version_id=version.pk,
            proof=proof_of(quality()),
            seen_digest=digest_of(version_statement(version)),
            act=act_by(quality()),
        )
    assert refused.value.code == "incomplete"
    assert place in [one.pointer for one in refused.value.errors]
    assert RecipeVersion.objects.get().state == "in_review"
    assert not Signature.objects.filter(meaning="approved").exists()


@pytest.mark.parametrize("bound", ["min_percent", "max_percent"])
def test_a_yield_without_its_percentages_is_not_even_a_draft(bound: str) -> None:
    plain = plain_document()
    del plain["header"]["theoretical_yield"][bound]
    with pytest.raises(Invalid, match=bound) as refused:
        document_from(plain)
    assert refused.value.errors[0].code == "required"
