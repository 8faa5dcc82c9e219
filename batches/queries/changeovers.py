"""What was made in a room after what, and how long the room stood between."""

from __future__ import annotations

from django.db.models import Min
from django.db.models.functions import Coalesce

from batches.models import Batch
from batches.rules.changeovers import Changeover, Made, changeovers_between


def changeovers_of(room_id: int) -> list[Changeover]:
    """Return the changeovers of a room, the last first, in one query.

    A batch ends with its last step, or when it is aborted; it begins with its first step.
    """
    began = Batch.objects.filter(room_id=room_id, started_at__isnull=False).annotate(
        began_at=Coalesce(Min("steps__started_at"), "started_at")
    )
    rows = began.values_list("number", "order__therapy__code", "began_at", "completed_at")
    return changeovers_between(
        Made(number=number, therapy=therapy, began_at=begun, ended_at=ended)
        for number, therapy, begun, ended in rows
    )
