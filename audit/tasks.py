"""Couriers of the ground floor: checkpoints every minute, and the sweeping of the outbox."""

from __future__ import annotations

from celery import shared_task
from django.db import connection

from audit import ledger
from audit.edges import act_of_task


@shared_task(name="audit.tasks.write_checkpoint")
def write_checkpoint() -> None:
    """Write a checkpoint, unless another worker is just doing so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ledger.CHECKPOINT_LOCK])
        if not cursor.fetchone()[0]:
            return
        try:
            ledger.write_checkpoint(act=act_of_task("write_checkpoint"))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ledger.CHECKPOINT_LOCK])
