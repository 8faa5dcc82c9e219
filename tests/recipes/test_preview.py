"""The preview: every step in the templates of a batch, and not one row written."""

from __future__ import annotations

import pytest
from django.apps import apps

from recipes.rules.document import to_plain
from recipes.rules.parsing import document_from
from recipes.rules.starts import add_step, new_document
from recipes.rules.step_parsing import KINDS
from tests.recipes.test_screens import signed_in
from tests.worlds.recipes import RECIPE, THERAPY, drafted_version, engineer

pytestmark = pytest.mark.django_db
PAGE = "/recipes/SMALL-MBR/1/preview/"
STEPS = "/procedure/unit_procedures/0/operations/0/steps"


def rows() -> int:
    models = [one for one in apps.get_models() if one._meta.app_label in ("batches", "audit")]
    return sum(one._default_manager.count() for one in models)


@pytest.mark.parametrize("code", [f"S{one:02}" for one in range(1, 12)])
def test_each_step_is_shown_as_a_simulation_and_nothing_is_written(code: str) -> None:
    drafted_version()
    client = signed_in(engineer())
    before = rows()
    page = client.get(PAGE, {"step": code}).content.decode()
    assert page.count("SIMULATION") >= 3
    assert "<fieldset disabled>" in page
    assert f"Step {int(code[1:])} of 11" in page
    assert rows() == before


def test_the_values_of_a_calculation_are_examples() -> None:
    drafted_version()
    page = signed_in(engineer()).get(PAGE, {"step": "S08"}).content.decode()
    assert "volume / weight * factor" in page
    assert "0.536" in page


def test_one_walks_from_step_to_step_by_keys() -> None:
    drafted_version()
    page = signed_in(engineer()).get(PAGE, {"step": "S02"}).content.decode()
    assert 'data-key="p" href="?step=S01"' in page
    assert 'data-key="n" href="?step=S03"' in page


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_every_kind_can_be_seen_as_soon_as_it_is_added(kind: str) -> None:
    plain = new_document(code=RECIPE, title="A", therapy=THERAPY, autologous=True)
    added = add_step(to_plain(document_from(plain)), STEPS, kind, 0)
    drafted_version(**to_plain(document_from(added.plain)))
    answer = signed_in(engineer()).get(PAGE, {"step": "S04"})
    assert answer.status_code == 200
    assert "New step" in answer.content.decode()


def test_a_recipe_without_steps_has_no_preview() -> None:
    drafted_version(procedure={"unit_procedures": []})
    assert signed_in(engineer()).get(PAGE).status_code == 404
