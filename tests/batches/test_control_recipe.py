"""A control recipe is the copy of one approved master version; there is none without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from batches.models import Batch
from kernel.canonical import digest
from kernel.errors import Invalid
from recipes.models import RecipeVersion
from recipes.queries import effective_version
from tests.worlds.batches import issued_batch, planned_batch, received_order
from tests.worlds.library import approved_entry
from tests.worlds.recipes import approved_version, effective_recipe, submitted_version

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S88-01")]


def test_a_batch_without_a_master_version_cannot_be_stored() -> None:
    batch = planned_batch()
    with pytest.raises(IntegrityError, match="null value in column"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(recipe_version=None)


def test_an_issued_batch_holds_a_copy_of_the_master_version_in_force_and_keeps_it() -> None:
    master = effective_recipe()
    batch = issued_batch()
    assert batch.recipe_version_id == master.pk
    assert batch.control_recipe == master.document
    assert batch.control_recipe_digest == digest(batch.control_recipe)
    entry = approved_entry()
    with pytest.raises(IntegrityError, match="not changed any more"), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(recipe_version=entry)


@pytest.mark.parametrize("made", [submitted_version, approved_version])
def test_nothing_is_made_by_a_version_that_is_not_in_force(
    made: Callable[[], RecipeVersion],
) -> None:
    version = made()
    with pytest.raises(Invalid) as refused:
        received_order(version=version)
    assert refused.value.code == "no_recipe"
    with pytest.raises(Invalid) as none:
        effective_version("SMALL")
    assert none.value.code == "no_effective_recipe"
    assert not Batch.objects.exists()
