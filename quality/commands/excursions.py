"""What the software itself reports: an exceeded limit, and a broken chain of custody."""

from __future__ import annotations

from typing import Any

from batches.commands.locks import batch_for_update
from quality.commands.deviations import Reported, opened_deviation
from quality.commands.exceptions import raised_exception
from quality.models import BatchException
from quality.queries.deviations import batch_of_chain
from quality.rules.excursions import Excursion, story_of, title_of


def record_excursion(event: Any) -> None:
    """Open a deviation and a critical exception for an exceeded limit, once for each alarm.

    Reader of monitoring's LimitExceeded, by its documented fields: the two floors stand side by
    side and do not import each other.
    """
    known = BatchException.objects.filter(batch_id=event.batch_id, alarm=event.alarm_id)
    if known.exists():
        return
    found = Excursion(
        sensor=event.sensor,
        sensor_name=event.sensor_name,
        unit=event.unit,
        cause=event.cause,
        limit=event.limit,
        value=event.value,
        since=event.since,
        exceeded_at=event.exceeded_at,
    )
    batch = batch_for_update(event.batch_id, act=event.act)
    deviation = opened_deviation(
        Reported(
            kind="excursion",
            title=title_of(found),
            description=story_of(found, batch=event.batch),
            batch=batch,
            site_id=batch.site_id,
            in_stream=batch.stream(),
            classification="critical",
        ),
        act=event.act,
    )
    running = (
        batch.steps.filter(state__in=("running", "performed"))
        .order_by("ordinal", "inserted")
        .first()
    )
    raised_exception(
        batch_id=batch.pk,
        step_id=None if running is None else running.pk,
        kind="excursion",
        severity="critical",
        detail=title_of(found),
        deviation=deviation,
        alarm=event.alarm_id,
        context={
            "sensor": event.sensor,
            "sensor_name": event.sensor_name,
            "since": event.since.isoformat(),
            "exceeded_at": event.exceeded_at.isoformat(),
        },
        act=event.act,
    )


def record_custody_break(event: Any) -> None:
    """Open a critical deviation for material that is not the expected patient's (CustodyBroken).

    With the batch, where one exists; otherwise in the chain of identity, at the site of the scan.
    The reader before this one has put the batch on hold (``batches.commands.hold_batches_of``).
    """
    batch = batch_of_chain(event.chain_id)
    other = " The code scanned belongs to another chain of identity." * bool(event.other_chain_id)
    opened_deviation(
        Reported(
            kind="identity",
            title=f"Wrong material scanned: {event.detail}"[:200],
            description=f"{event.detail}{other}",
            batch=batch,
            site_id=event.at_site_id if batch is None else batch.site_id,
            # The stream of a chain of identity, by its id (supply.models.ChainOfIdentity).
            in_stream=f"coi:{event.chain_id}" if batch is None else batch.stream(),
            classification="critical",
        ),
        act=event.act,
    )
