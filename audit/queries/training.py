"""Who is trained on what, and what there is to be trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from audit.models import Training, User
from audit.rules.training import Procedure, Trained, missing_training
from kernel.prepared import prepared

_procedures: list[Callable[[], Sequence[Procedure]]] = []


def set_procedures(read: Callable[[], Sequence[Procedure]]) -> None:
    """Plug in what people can be trained on; the floors above know it."""
    _procedures[:] = [read]


def procedures() -> list[Procedure]:
    """Return what people can be trained on: every version that is, or may come, in force."""
    return [one for read in _procedures for one in read()]


def training_missing(user: User, procedure: Procedure, *, at: datetime) -> str | None:
    """Return in words what training a person lacks at that time; one query."""
    rows = _trainings(user.pk, procedure.code)
    trainings = [Trained(version=version, valid_until=until) for version, until in rows]
    return missing_training(procedure, trainings, at=at)


@prepared
def _trainings(user_id: int, procedure: str) -> QuerySet[Training, tuple[int, datetime]]:
    rows = Training.objects.filter(user_id=user_id, procedure=procedure).order_by()
    return rows.values_list("version", "valid_until")


def trainings_of(user: User) -> QuerySet[Training]:
    """Return what a person was trained on, newest first."""
    return user.trainings.select_related("trained_by").order_by("-trained_at", "-pk")
