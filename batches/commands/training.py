"""The gate of training: who works on a step is trained on the recipe that the batch follows."""

from __future__ import annotations

from audit.acts import Act
from audit.queries import training_missing
from batches.models import Batch
from kernel.errors import NotPermitted
from recipes.queries import procedure_of


def require_trained(batch: Batch, act: Act) -> None:
    """Refuse whoever has no current training on the version of the recipe (21 CFR 11.10(i)).

    Raises:
        NotPermitted: in words that name what is missing.
    """
    procedure = procedure_of(batch.recipe_version_id, batch.control_recipe_digest)
    missing = training_missing(act.by, procedure, at=act.at)
    if missing:
        raise NotPermitted(f"You may not work on this batch without {missing}.", code="training")
