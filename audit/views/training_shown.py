"""What the page of a person says about their training."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.edges import now
from audit.models import Training, User
from audit.permissions import TRAINING_RECORDERS, holds
from audit.queries import procedures, trainings_of

# Below this a training is shown as ending soon.
SOON_DAYS = 30


def training_shown(by: User, user: User) -> dict[str, Any]:
    """Return the trainings of a person, and what may be recorded about them by whoever looks."""
    at = now()
    may_train = by.pk != user.pk and user.is_active and user.is_person
    return {
        "trainings": [
            {"training": one, "look": look, "word": word}
            for one in trainings_of(user)
            for look, word in [_standing(one, at)]
        ],
        "may_train": may_train and holds(by, *TRAINING_RECORDERS),
        "procedures": procedures(),
    }


def _standing(training: Training, at: datetime) -> tuple[str, str]:
    if training.valid_until <= at:
        return "attention", "Ended"
    if (training.valid_until - at).days < SOON_DAYS:
        return "attention", "Ends soon"
    return "ok", "Holds"
