"""What runs by itself: a cleaning that is over makes a unit dirty, and codes become classes."""

from __future__ import annotations

from celery import shared_task

from audit.edges import act_of_task
from supply.commands import expire_cleanings, take_over_classes


@shared_task(name="supply.tasks.expire_cleanings")
def make_dirty_by_clock() -> int:
    """Make dirty what has stood clean for too long, and return how many units."""
    take_over_classes(act=act_of_task("take_over_classes"))
    return len(expire_cleanings(act=act_of_task("expire_cleanings")))
